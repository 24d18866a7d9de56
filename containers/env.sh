# shellcheck shell=bash
# Use the images of up.sh instead of the public ones:  . containers/env.sh
export DBPARITY_IMAGE_POSTGRESQL_15=dbparity/postgres:15
export DBPARITY_IMAGE_POSTGRESQL_17=dbparity/postgres:17
export DBPARITY_IMAGE_POSTGRESQL_18=dbparity/postgres:18
export DBPARITY_IMAGE_MYSQL_9=dbparity/mysql:9
export DBPARITY_IMAGE_MARIADB_10=dbparity/mariadb:10
export DBPARITY_IMAGE_MARIADB_11=dbparity/mariadb:11
export DBPARITY_IMAGE_VALKEY_8=dbparity/valkey:8
# Its image cannot be had; containers are labelled, and `dbparity servers reap` finds them.
export TESTCONTAINERS_RYUK_DISABLED=true
# Inside a container testcontainers would give out the bridge's address; ports are on the loopback.
export TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1
