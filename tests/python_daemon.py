"""Start Spark's Python workers in tests without Spark's jars and zips on their path.

Python would search each archive on its path again for every task, which takes longer than the task itself.
"""

import gc
import sys

sys.path[:] = [entry for entry in sys.path if not entry.endswith((".jar", ".zip"))]
sys.path_importer_cache.clear()

from pyspark.daemon import manager  # noqa: E402  (the path must be set before this import)

gc.freeze()  # the worker collects garbage after each task, and should skip the objects that exist now
if __name__ == "__main__":
    manager()
