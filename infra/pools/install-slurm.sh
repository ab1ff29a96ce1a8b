#!/bin/sh
# Installs SLURM on Debian or Ubuntu for `npm run test:slurm`, which configures and starts daemons of its own. As root.
set -e
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends slurmctld slurmd slurm-client munge
