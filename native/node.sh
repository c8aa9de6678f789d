# Node and the npm packages.

# Leaves the major version in $node_major.
node_is_current() {
  node_major=$(node --version 2>/dev/null) || return 1
  node_major=${node_major#v}
  node_major=${node_major%%.*}
  [ "$node_major" -ge 24 ]
}

# Puts a Node >= 24 first on PATH: the one that is there, or our own under .weir/node.
use_node() {
  node_is_current && return
  PATH="$root/.weir/node/node_modules/.bin:$PATH"
  hash -r
  node_is_current || with_lock "$root/.weir/lock" install_node
  hash -r
  node_is_current || die 'the Node that was just installed does not run here' \
    'Install Node 24 or newer (https://nodejs.org) and start again.'
}

install_node() {
  node_is_current && return # Another ./weir did it while we waited.
  command -v npm >/dev/null || die 'neither Node >= 24 nor npm is here' \
    'Install Node 24 or newer (https://nodejs.org), or npm: sudo apt-get install -y npm'
  mkdir -p "$root/.weir/node"
  echo '{ "private": true }' >"$root/.weir/node/package.json"
  # The platform's package is the bare binary; node@24 is its installer, for platforms without one.
  local platform install=(npm install --prefix "$root/.weir/node" --no-audit --no-fund)
  platform=$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
  step "Node 24 for $platform" "${install[@]}" "node-$platform@24" && return
  grep -qE 'E404|ETARGET' "$step_log" || step_failed "Node 24 for $platform"
  must 'Node 24' "${install[@]}" node@24
}

# Packages are installed again when the lock file or Node's major version has changed.
packages_wanted() { { echo "node $node_major" && cat "$root/package-lock.json"; } | cksum; }
packages_are_current() { [ "$(cat "$root/node_modules/.weir-stamp" 2>/dev/null)" = "$(packages_wanted)" ]; }

use_packages() {
  packages_are_current || with_lock "$root/.weir/lock" install_packages
}

install_packages() {
  packages_are_current && return
  cd "$root"
  # Not `npm ci`: it refuses a lock file without other platforms' optional packages. Without scripts, because the
  # engine's would download or build its worker unasked; worker.sh does that when a command needs it.
  must 'npm packages' npm install --ignore-scripts --no-audit --no-fund --omit-lockfile-registry-resolved
  packages_wanted >node_modules/.weir-stamp
}
