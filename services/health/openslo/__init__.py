"""SLOs as OpenSLO v1 documents: taken in and written out (https://github.com/OpenSLO/OpenSLO)."""
