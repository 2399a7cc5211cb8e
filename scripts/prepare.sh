# Sourced by ./mosaic and ./test with `root` set (absolute): prepares this machine where something is missing, and sets
# `node` to the Node to run with. POSIX sh. What it says goes to stderr: stdout is the answer's.
#
# When nothing is missing it starts one process (find) at most. Otherwise it works under a lock that the kernel frees, and
# marks a step as done only after it: killed anywhere, the next run finishes the work.

# Two lines: the Node to run with, from the root; whether tmux was there ("absent" is not tried again before the next change).
prepared=$root/node_modules/.mosaic-prepared
built=$root/dist/.built
cache=$root/.cache
# Written when the runtimes that only tests need are there.
runtimes=$root/node_modules/.mosaic-runtimes

say() { printf 'mosaic: %s\n' "$*" >&2; }

# Exit code 5: a dependency is missing.
fail() {
  say "$*"
  exit 5
}

# step TEXT COMMAND...: on a terminal its output is the progress; elsewhere it is shown when it fails.
step() {
  say "$1 ..."
  shift
  if [ -t 2 ]; then
    "$@" >&2 </dev/null
  else
    "$@" >"$cache/prepare.log" 2>&1 </dev/null || {
      cat "$cache/prepare.log" >&2
      return 1
    }
  fi
}

has() { command -v "$1" >/dev/null 2>&1; }
can_apt() { has apt-get && [ "$(id -u)" = 0 ]; }
# In a shell of its own: what it sets is not for the command that is prepared.
apt_install() (
  # No daemon that a package starts may keep the lock.
  DEBIAN_FRONTEND=noninteractive
  export DEBIAN_FRONTEND
  # One repository that does not answer need not matter.
  apt-get update 9>&-
  apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" 9>&-
)

# How a person installs what cannot be installed here: one command.
how_to_install() {
  if has apt-get; then
    echo "sudo apt-get install $*"
  elif has brew; then
    echo "brew install $*"
  elif has dnf; then
    echo "sudo dnf install $*"
  elif has apk; then
    echo "sudo apk add $*"
  else
    echo "install $* with your package manager"
  fi
}

dependencies_ready() {
  [ -r "$prepared" ] || return 1
  {
    IFS= read -r node
    IFS= read -r tmux_was
  } <"$prepared"
  case $node in /*) ;; *) node=$root/$node ;; esac
  [ -x "$node" ] || return 1
  # Whoever only uses this checkout takes it as its owner left it.
  [ -w "$prepared" ] || return 0
  [ ! "$root/pnpm-lock.yaml" -nt "$prepared" ] || return 1
  has tmux || [ "$tmux_was" = absent ]
}

# True when nothing that is built is newer than what was built. Outside of a git checkout sources do not change.
build_ready() {
  [ -f "$built" ] && [ ! "$prepared" -nt "$built" ] || return 1
  [ -w "$built" ] && [ -e "$root/.git" ] || return 0
  [ -z "$(find "$root/apps" "$root/packages" "$root/scripts" "$root/package.json" "$root/tsconfig.json" \
    -name node_modules -prune -o ! -name '*.test.ts' -newer "$built" -print -quit)" ]
}

# Every process started below inherits descriptor 9: the lock is free when the last of them has ended.
take_lock() {
  mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] ||
    fail "cannot write in $root; let its owner run ./mosaic there once"
  exec 9>>"$cache/prepare.lock"
  if has flock; then
    flock -n 9 && return
    say 'another run is preparing this checkout; waiting for it ...'
    flock 9
  elif has perl; then
    perl -e 'use Fcntl ":flock"; open(my $lock, ">>&=", 9) or die; flock($lock, LOCK_EX) or die'
  else
    say 'neither flock nor perl is here: do not start a second run before this one is ready'
  fi
}

install_tmux() {
  tmux_was=present
  has tmux && return
  can_apt && step 'installing tmux' apt_install tmux && has tmux && return
  tmux_was=absent
  say "tmux is missing, and agents live in it: $(how_to_install tmux)"
}

require_npm() {
  if has node && has npx; then
    node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 18 ? 1 : 0)' ||
      fail "Node.js $(node --version) is too old to install with: put 18 or newer on PATH"
    return
  fi
  can_apt && step 'installing Node.js and npm' apt_install nodejs npm && has node && has npx && return
  fail "Node.js 18 or newer with npm is missing: $(how_to_install nodejs npm)"
}

# pnpm_install ARGS...
pnpm_install() (
  cd "$root" || exit
  # A production environment would leave out what the build needs.
  unset NODE_ENV npm_config_production npm_config_omit
  npm_config_update_notifier=false
  # The version that runs is the one that package.json names: pnpm need not fetch it again.
  pnpm_config_pm_on_fail=ignore
  export npm_config_update_notifier pnpm_config_pm_on_fail
  pnpm=$(sed -n 's/.*"packageManager": *"\(pnpm@[^"]*\)".*/\1/p' package.json)
  npx -y "$pnpm" --version >/dev/null 2>&1 || {
    # An earlier run that was killed can leave npx half a pnpm: from here on with a cache of its own.
    npm_config_cache=$cache/npm
    export npm_config_cache
    rm -rf "$npm_config_cache"
  }
  npx -y "$pnpm" install --frozen-lockfile --config.confirm-modules-purge=false --loglevel=error "$@"
)

# Prints the path of the running Node when it is as new as package.json asks.
new_enough='
const wanted = require(process.argv[1]).engines.node.match(/\d+/g).map(Number)
const differs = process.versions.node.split(".").map((part, at) => Number(part) - wanted[at]).find((by) => by !== 0)
if (differs === undefined || differs > 0) console.log(process.execPath)'

# Sets `node`: the one on PATH, or the pinned one when that is too old or cannot be asked.
choose_node() {
  node=$(node -e "$new_enough" "$root/package.json" 2>/dev/null)
  [ -n "$node" ] && return
  for node in "$root"/node_modules/node-*/bin/node; do
    [ -n "$("$node" -e "$new_enough" "$root/package.json" 2>/dev/null)" ] || continue
    node=${node#"$root"/}
    return
  done
  fail "no Node.js that is new enough: put $(sed -n 's/.*"node": *"\([^"]*\)".*/\1/p' "$root/package.json") on PATH"
}

install_dependencies() {
  install_tmux
  require_npm
  step 'installing dependencies, half a minute the first time' pnpm_install --filter '!@mosaic/runtimes-under-test' || fail 'the dependencies could not be installed'
  choose_node
  printf '%s\n' "$node" "$tmux_was" >"$prepared.new"
  mv "$prepared.new" "$prepared"
  dependencies_ready
}

build() {
  step 'building' "$node" --disable-warning=ExperimentalWarning "$root/scripts/build.ts" || fail 'the build failed'
}

prepare_dependencies() {
  dependencies_ready && return
  take_lock
  dependencies_ready || install_dependencies
  exec 9>&-
}

runtimes_ready() { [ -f "$runtimes" ] && [ ! "$root/pnpm-lock.yaml" -nt "$runtimes" ]; }

# What the tests need besides: the real runtimes, a gigabyte.
prepare_runtimes() {
  runtimes_ready && return
  take_lock
  runtimes_ready || {
    step 'installing the runtimes that are tested, some minutes the first time' pnpm_install ||
      fail 'the runtimes that are tested could not be installed'
    : >"$runtimes"
  }
  exec 9>&-
}

prepare() {
  dependencies_ready && build_ready && return
  take_lock
  dependencies_ready || install_dependencies
  build_ready || build
  exec 9>&-
}
