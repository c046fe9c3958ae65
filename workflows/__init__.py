"""The workflows of datasets, the local runner, the CloudFormation templates and the `citylake` command."""
