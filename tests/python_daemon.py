"""Spark's Python workers, for tests: they start without Spark's jars and zips on their path.

Python looks through each archive on its path anew for every task, which takes longer than the rows of a test do.
"""

import gc
import sys

sys.path[:] = [place for place in sys.path if not place.endswith((".jar", ".zip"))]
sys.path_importer_cache.clear()

from pyspark.daemon import manager  # noqa: E402  (only now is the path as it should be)

gc.freeze()  # the worker collects its garbage after each task too
if __name__ == "__main__":
    manager()
