# The engine's worker, a C++ program: see README.md for the order in which it is looked for and why.

worker_source=$root/native/mediasoup-worker

# Without its environment variable a good worker exits with 41.
worker_runs() {
  local status=0
  env -u MEDIASOUP_VERSION "$1" >/dev/null 2>&1 </dev/null || status=$?
  [ "$status" = 41 ]
}

worker_cache() { echo "${XDG_CACHE_HOME:-${HOME:-$root/.weir}/.cache}/weir"; }

# One for each engine version, recipe, platform and (as it is dynamically linked) distribution release.
worker_folder() {
  local version recipe distribution
  version=$(sed -n 's/^[[:space:]]*"version": "\(.*\)".*/\1/p' "$root/node_modules/mediasoup/package.json")
  recipe=$(cat "$worker_source/CMakeLists.txt" "$worker_source/include"/*.h "$worker_source/include"/*/*.h | cksum)
  distribution=$(. /etc/os-release 2>/dev/null && echo "${ID:-}${VERSION_ID:-}" || true)
  echo "$(worker_cache)/mediasoup-worker-$version-$(uname -sm | tr ' ' -)-${distribution:-unknown}-${recipe%% *}"
}

# Exports MEDIASOUP_WORKER_BIN and where it came from; fails when there is none yet.
find_worker() {
  if [ -n "${MEDIASOUP_WORKER_BIN:-}" ]; then
    worker_runs "$MEDIASOUP_WORKER_BIN" || die "MEDIASOUP_WORKER_BIN=$MEDIASOUP_WORKER_BIN is no worker that runs here" \
      'Correct it, or unset it to let ./weir get one.'
    WEIR_WORKER_ORIGIN='MEDIASOUP_WORKER_BIN'
  else
    local folder
    folder=$(worker_folder)
    worker_runs "$folder/mediasoup-worker" || return 1
    MEDIASOUP_WORKER_BIN=$folder/mediasoup-worker
    WEIR_WORKER_ORIGIN=$(cat "$folder/origin")
  fi
  export MEDIASOUP_WORKER_BIN WEIR_WORKER_ORIGIN
}

need_worker() {
  find_worker && return
  with_lock "$(worker_cache)/lock" make_worker
  find_worker || die "the worker in $(worker_folder) does not run"
}

make_worker() {
  local folder
  folder=$(worker_folder)
  worker_runs "$folder/mediasoup-worker" && return # Another ./weir made it while we waited.
  rm -rf "$(worker_cache)"/making.* # Left by one that was killed; nobody else makes one while we hold the lock.
  making=$(mktemp -d "$(worker_cache)/making.XXXXXX")
  trap 'rm -rf "$making"' EXIT
  download_worker "$making" || build_worker "$making"
  rm -rf "$folder"
  chmod 755 "$making"
  mv "$making" "$folder"
}

# The engine's own prebuilt binary, by the engine's own script. Mirrors: MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL.
download_worker() {
  local binary=$root/node_modules/mediasoup/worker/out/Release/mediasoup-worker
  worker_runs "$binary" || step "the engine's prebuilt worker" run_engine_download || true
  if ! worker_runs "$binary"; then
    say "no prebuilt worker of the engine to be had; building it from the npm package's source"
    return 1
  fi
  cp "$binary" "$1/mediasoup-worker"
  echo "the engine's prebuilt binary" >"$1/origin"
}

run_engine_download() {
  cd "$root/node_modules/mediasoup"
  # Without a Python the script stops after the download, where it would else start a build of its own.
  PYTHON=false timeout 120 node npm-scripts.mjs postinstall
}

build_worker() {
  local out=$1 jobs
  jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
  command -v apt-get >/dev/null || die 'the engine has no prebuilt worker for this system, and our build is for Debian' \
    'Build one (https://mediasoup.org/documentation/v3/mediasoup/installation) and start again with' \
    'MEDIASOUP_WORKER_BIN=/path/to/mediasoup-worker'
  need_debian_packages "building the engine's worker" g++ cmake ninja-build pkg-config libssl-dev libuv1-dev \
    libsrtp2-dev libabsl-dev flatbuffers-compiler libflatbuffers-dev
  must "configuring the engine's worker" cmake -S "$worker_source" -B "$out/build" -G Ninja \
    -DCMAKE_BUILD_TYPE=Release -DMEDIASOUP_WORKER_DIR="$root/node_modules/mediasoup/worker"
  must "building the engine's worker (about 12 minutes of processor time, once)" \
    nice cmake --build "$out/build" --parallel "$jobs"
  strip -o "$out/mediasoup-worker" "$out/build/mediasoup-worker"
  worker_runs "$out/mediasoup-worker" || die "the worker was built, but does not run: $("$out/mediasoup-worker" 2>&1 | tail -1)"
  rm -rf "$out/build"
  echo "built from the npm package's source" >"$out/origin"
}
