"""The workflow of each dataset, the local runner, the CloudFormation template and the `citylake` command."""
