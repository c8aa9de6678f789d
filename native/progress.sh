# Tells a human what takes long. Everything goes to stderr: stdout belongs to the command.

say() { printf 'weir: %s\n' "$*" >&2; }

# die MESSAGE [LINE…]: an error that ends ./weir, with what to do about it on the lines below.
die() {
  say "$1"
  shift
  [ $# = 0 ] || printf '  %s\n' "$@" >&2
  exit 1
}

# step TITLE COMMAND…: runs COMMAND, its output in $step_log, and shows the time it takes and the last [n/m] that it
# printed. Gives back its status.
step() {
  local title=$1 started=$SECONDS status=0 told=0 line pid
  shift
  step_log=$(mktemp "${TMPDIR:-/tmp}/weir-log.XXXXXX")
  [ -t 2 ] || say "$title …"
  set -m # Its own process group, so that an interrupt ends all of it.
  "$@" >"$step_log" 2>&1 </dev/null &
  pid=$!
  set +m
  trap 'kill -- "-$pid" 2>/dev/null; printf "\n" >&2; exit 130' INT TERM HUP
  while kill -0 "$pid" 2>/dev/null; do
    line="$title  $(tail -c 4096 "$step_log" | grep -ao '\[[0-9]*/[0-9]*\]' | tail -1 || true) $((SECONDS - started)) s"
    if [ -t 2 ]; then
      printf '\r\033[K  … %s' "$line" >&2
    elif [ $((SECONDS - started)) -ge $((told + 30)) ]; then
      told=$((SECONDS - started))
      say "$line"
    fi
    sleep 0.2
  done
  wait "$pid" || status=$?
  trap - INT TERM HUP
  [ ! -t 2 ] || printf '\r\033[K' >&2
  if [ "$status" = 0 ]; then
    say "$title: done in $((SECONDS - started)) s"
    rm -f "$step_log"
  fi
  return "$status"
}

# must TITLE COMMAND…: a step without which nothing goes on.
must() { step "$@" || step_failed "$1"; }

step_failed() {
  say "$1: failed. The last it said:"
  tail -n 15 "$step_log" | sed 's/^/  | /' >&2
  die "the whole log: $step_log"
}

# with_lock FILE COMMAND…: runs COMMAND (in a subshell) while no other ./weir runs one under the same lock.
with_lock() {
  local file=$1
  shift
  mkdir -p "$(dirname "$file")" || die "cannot create $(dirname "$file")"
  (
    if command -v flock >/dev/null && ! flock -n 9; then # macOS has no flock; there two at once is a rare mistake.
      say 'another ./weir is setting up; waiting for it …'
      flock -w 1800 9 || die "gave up waiting after 30 minutes; the lock is $file"
    fi
    "$@" 9>&- # Children must not hold the lock after us.
  ) 9>>"$file"
}
