#!/usr/bin/env bash
# Give a machine that reaches no image registry a Docker engine and database images, built from
# Debian's packages. What is already there is left alone.
#
#   up.sh                        the engine and every image below
#   up.sh postgres:17 mysql:9    the engine and those images
#
# `. containers/env.sh` then tells dbparity to use them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

declare -A suite=(
  [postgres:15]=bookworm [postgres:17]=trixie [postgres:18]=sid
  [mysql:9]=sid
  [mariadb:10]=bookworm [mariadb:11]=trixie
  [valkey:8]=trixie
)
scratch=$(mktemp -d)
trap 'rm -rf --one-file-system "$scratch"' EXIT

quietly() {
  "$@" >"$scratch/log" 2>&1 || { tail -n 50 "$scratch/log" >&2; return 1; }
}

install_engine() {
  command -v dockerd >/dev/null && command -v debootstrap >/dev/null && return
  quietly apt-get update
  DEBIAN_FRONTEND=noninteractive quietly apt-get install -y --no-install-recommends \
    docker.io iptables debootstrap
}

start_engine() {
  docker info >/dev/null 2>&1 && return
  setsid nohup dockerd >/var/log/dockerd.log 2>&1 </dev/null &
  for _ in $(seq 120); do
    docker info >/dev/null 2>&1 && return
    sleep 0.5
  done
  tail -n 50 /var/log/dockerd.log >&2
  return 1
}

base_image() {
  docker image inspect "dbparity/debian:$1" >/dev/null 2>&1 && return
  quietly debootstrap --variant=minbase "$1" "$scratch/$1"
  tar -C "$scratch/$1" -c . | docker import - "dbparity/debian:$1" >/dev/null
  rm -rf --one-file-system "${scratch:?}/$1"
}

database_image() {
  docker image inspect "dbparity/$1" >/dev/null 2>&1 && return
  base_image "${suite[$1]}"
  # The classic builder: Debian's docker.io comes without buildx.
  DOCKER_BUILDKIT=0 quietly docker build --network=host --build-arg "SUITE=${suite[$1]}" \
    --tag "dbparity/$1" "$here/${1%%:*}"
  echo "built dbparity/$1"
}

[ $# -gt 0 ] || set -- postgres:15 postgres:17 postgres:18 mysql:9 mariadb:10 mariadb:11 valkey:8
for image in "$@"; do
  [ -n "${suite[$image]:-}" ] || { echo "up.sh: no such image: $image (known: ${!suite[*]})" >&2; exit 2; }
done
install_engine
start_engine
for image in "$@"; do
  database_image "$image"
done
