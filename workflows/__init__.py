"""One workflow a dataset, the local runner, the CloudFormation renderer and the `citylake` command."""
