# Debian's packages.

# need_debian_packages PURPOSE PACKAGE…: installs what is missing when we are root, else says how.
need_debian_packages() {
  local purpose=$1 missing
  shift
  missing=$(missing_debian_packages "$@")
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null || die "$purpose needs packages that ./weir can install on Debian only: $missing" \
    'Install them in your way.'
  [ "$(id -u)" = 0 ] || die "$purpose needs Debian packages that are missing: $missing" \
    "Install them with:  sudo apt-get install -y $missing"
  must "Debian packages for $purpose: $missing" install_debian_packages $missing
}

# want_debian_packages PURPOSE PACKAGE…: the same, and goes on in any case: what is needed may be there in another way.
want_debian_packages() { (need_debian_packages "$@") || say 'going on as it is'; }

missing_debian_packages() {
  local installed name missing=''
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
  for name; do
    grep -qx "$name installed" <<<"$installed" || missing="$missing $name"
  done
  echo "${missing# }"
}

install_debian_packages() {
  export DEBIAN_FRONTEND=noninteractive
  local install='apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300'
  timeout 1800 $install "$@" && return
  timeout 300 apt-get update || true # One source that is down need not matter.
  timeout 1800 $install "$@"
}
