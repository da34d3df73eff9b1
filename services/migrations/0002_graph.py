"""The dependency graph as the database sees it: a view of edges, and the walk along them."""

from django.db import migrations

EDGES = """
CREATE VIEW services_edge AS
    SELECT object_id AS origin, subject_id AS reached FROM services_relation WHERE type IN ('dependsOn', 'consumesApi')
    UNION ALL
    SELECT subject_id AS origin, object_id AS reached FROM services_relation WHERE type = 'providesApi'
"""

# Breadth first, each reference once, so that cycles end and the depth is the shortest way. A recursive query cannot
# remember what it has visited at any depth; this can, in one statement per ring. The edges of each reference are looked
# up one by one (LATERAL, kept apart by OFFSET 0): joined with the view, every ring would read all relations.
BLAST_RADIUS = """
CREATE FUNCTION services_blast_radius(start bigint) RETURNS TABLE (reference_id bigint, depth integer)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    ring bigint[] := ARRAY[start];
    visited bigint[] := ARRAY[start];
    distance integer := 0;
BEGIN
    LOOP
        distance := distance + 1;
        SELECT array_agg(found.id) INTO ring FROM (
            SELECT edge.reached AS id FROM unnest(ring) AS at(id) CROSS JOIN LATERAL (
                SELECT subject_id AS reached FROM services_relation
                 WHERE object_id = at.id AND type IN ('dependsOn', 'consumesApi')
                UNION ALL
                SELECT object_id FROM services_relation WHERE subject_id = at.id AND type = 'providesApi'
                OFFSET 0
            ) edge
            EXCEPT SELECT unnest(visited)
        ) found;
        EXIT WHEN ring IS NULL;
        visited := visited || ring;
        RETURN QUERY SELECT unnest(ring), distance;
    END LOOP;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("services", "0001_initial")]

    operations = [
        migrations.RunSQL(EDGES, "DROP VIEW services_edge"),
        migrations.RunSQL(BLAST_RADIUS, "DROP FUNCTION services_blast_radius(bigint)"),
    ]
