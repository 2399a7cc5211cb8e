#!/bin/sh
# The `mosaic` of agents' panes: runs what is built, prepares nothing. Alone in its directory, so that a PATH that has it
# gains this one command.
self=$0
while [ -h "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=${self%/*}/$link ;; esac
done
root=${self%/*}/../..
node=
[ -r "$root/node_modules/.mosaic-prepared" ] && read -r node <"$root/node_modules/.mosaic-prepared"
case $node in /* | '') ;; *) node=$root/$node ;; esac
# A pane's PATH holds the Node that launched it, next to this directory.
[ -x "$node" ] || node=node
exec "$node" --disable-warning=ExperimentalWarning "$root/dist/mosaic.mjs" "$@"
