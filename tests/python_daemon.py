"""Start the Python workers of Spark without jar files and zip files in `sys.path`. Only the tests use this module.

If archives are in `sys.path`, Python searches every archive again for each task. The search takes longer than the task.
"""

import gc
import sys

sys.path[:] = [entry for entry in sys.path if not entry.endswith((".jar", ".zip"))]
sys.path_importer_cache.clear()

from pyspark.daemon import manager  # noqa: E402  (the path must be set before this import)

gc.freeze()  # the garbage collection after each task then skips the objects that exist now
if __name__ == "__main__":
    manager()
