"""Build the page on the arguments of jobs from the parser in `jobs/arguments.py`."""

from __future__ import annotations

import argparse
from importlib import import_module

from docs.generate.markdown import NOTE, code, table
from jobs.arguments import ON_REQUEST, make_parser
from reports.words import listed

HEAD = """# Arguments of jobs

Every job takes the arguments below, on a laptop, under `spark-submit` and on AWS Glue. AWS Glue passes each argument as
a key with a value, so write `--rebuild true` on AWS Glue. Jobs ignore the keys that AWS Glue adds, such as `--TempDir`.
A key that resembles an argument below, such as `--warehous`, is an error.

```
python -m jobs.dataset --dataset contact_centre --landing DIR --stage ingest
```
"""


def page() -> str:
    """Return the page."""
    actions = [action for action in make_parser("dataset", ["STAGE"])._actions if action.dest != "help"]
    rows = [(code(action.option_strings[0]), _value(action), action.help or "") for action in actions]
    return "\n".join([HEAD + NOTE, table(["argument", "value", "effect"], rows), _stages()])


def _value(action: argparse.Action) -> str:
    if action.dest == "stage":
        return "a stage of the job, or `all`"
    return code(action.metavar if isinstance(action.metavar, str) else action.dest.upper())


def _stages() -> str:
    jobs = [import_module(f"jobs.{name}").JOB for name in ("dataset", "maintain", "report")]
    rows = [(code(f"jobs.{job.name}"), ", ".join(map(code, job.stages))) for job in jobs]
    about = f"`--stage all` runs the stages of a job in order, except {listed(map(code, ON_REQUEST))}.\n\n"
    return "## Stages\n\n" + about + table(["job", "stages"], rows)
