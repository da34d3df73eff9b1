"""Tables that grow by time: partitioned, so that what is old is dropped as a table, and nothing points into them.

Partitions are made ahead and dropped by tasks (services.health.partitions). A row that finds none lands in the default
partition: it is kept, and the portal says that a partition was missing.
"""

from django.db import migrations

RESULTS = """
CREATE TABLE health_checkresult (
    of_id bigint NOT NULL,
    due_at timestamptz NOT NULL,
    taken_at timestamptz NOT NULL,
    outcome smallint NOT NULL,
    maintenance boolean NOT NULL DEFAULT false,
    scheduled boolean NOT NULL DEFAULT true,
    latency_ms real,
    status_code smallint,
    reason text NOT NULL DEFAULT '',
    PRIMARY KEY (of_id, due_at)
) PARTITION BY RANGE (due_at);
CREATE TABLE health_checkresult_default PARTITION OF health_checkresult DEFAULT;
"""

SAMPLES = """
CREATE TABLE health_sample (
    metric_id bigint NOT NULL,
    at timestamptz NOT NULL,
    value double precision NOT NULL,
    good double precision,
    total double precision,
    PRIMARY KEY (metric_id, at)
) PARTITION BY RANGE (at);
CREATE TABLE health_sample_default PARTITION OF health_sample DEFAULT;
CREATE INDEX health_sample_at ON health_sample USING brin (at);
"""


class Migration(migrations.Migration):
    dependencies = [("health", "0001_initial")]

    operations = [
        migrations.RunSQL(RESULTS, "DROP TABLE health_checkresult"),
        migrations.RunSQL(SAMPLES, "DROP TABLE health_sample"),
    ]
