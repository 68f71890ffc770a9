#!/usr/bin/env bash
# Builds the image with buildah, which needs no container engine, and tries what the Dockerfile promises.
#
#   scripts/image.sh base               makes a base image from Debian packages and the Node of this project
#   scripts/image.sh build [OPTION…]    builds the image; options go to `buildah build` (volumes, build arguments)
#   scripts/image.sh smoke              runs the image and tries it
#   scripts/image.sh                    build and smoke
#
# Run it as root: chroot isolation needs neither an engine nor name spaces, only the right to change the root.
# NODE_IMAGE is the base to build from, the Dockerfile's own if unset; where no registry of images can be reached, make
# one with `base` (which also needs debootstrap) and say NODE_IMAGE=localhost/holdfast-node:26. IMAGE is the tag.
set -euo pipefail
cd "$(dirname "$0")/.."

IMAGE=${IMAGE:-localhost/holdfast:latest}
LOCAL_BASE=localhost/holdfast-node:26
PORT=${PORT:-17420}
TOKEN=smoke-test-token-of-no-worth
WAIT_S_MAX=20
export BUILDAH_ISOLATION=chroot

scratch=$(mktemp -d)
container=
runner=
clean_up() {
  [ -z "$runner" ] || kill -KILL "$(innermost "$runner")" 2>/dev/null || true
  [ -z "$container" ] || buildah rm "$container" >/dev/null
  rm -rf "$scratch"
}
trap clean_up EXIT

# --- a base image: what the official one has, as far as the Dockerfile uses it

make_base() {
  [ -x node_modules/node/bin/node ] || fail 'run "npm ci" first: the Node of the base is the one in node_modules'
  debootstrap --variant=minbase --include=ca-certificates,libatomic1,libstdc++6 stable "$scratch/root" >"$scratch/log" ||
    fail "debootstrap: $(tail -n 3 "$scratch/log")"
  rm -rf "$scratch/root"/{var/cache/apt,var/lib/apt/lists,usr/share/doc,usr/share/man,usr/share/locale}/*
  install -m 755 node_modules/node/bin/node "$scratch/root/usr/local/bin/node"
  mkdir -p "$scratch/root/usr/local/lib/node_modules"
  cp -R "$(npm root --global 2>/dev/null)/npm" "$scratch/root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$scratch/root/usr/local/bin/npm"
  chroot "$scratch/root" useradd --uid 1000 --user-group --create-home node
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$scratch/root" / >/dev/null
  buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  buildah commit --quiet --format docker "$container" "$LOCAL_BASE" >/dev/null
  say "made $LOCAL_BASE"
}

# The docker format, because the OCI one has no place for a health check.
build() {
  buildah build --format docker ${NODE_IMAGE:+--build-arg NODE_IMAGE="$NODE_IMAGE"} --tag "$IMAGE" "$@" .
  say "built $IMAGE, $(buildah images --format '{{.Size}}' "$IMAGE")"
}

# --- smoke

smoke() {
  container=$(buildah from --pull-never "$IMAGE")
  says_what_it_is
  refuses_without_tokens
  serves_as_process_of_its_own
  stops_in_order
  keeps_its_data
  obeys_as_process_one
}

says_what_it_is() {
  equal "$(config User)" '"1000:1000"' 'runs as a user who is not root, named by number'
  equal "$(config Volumes)" '{"/data":{}}' 'keeps its data in a volume'
  equal "$(config ExposedPorts)" '{"7420/tcp":{}}' 'exposes its port'
  equal "$(config Cmd)" '["node","bin/serve.js"]' 'starts node itself'
}

refuses_without_tokens() {
  local code=0
  buildah run "$container" -- node bin/serve.js >"$scratch/refusal" 2>&1 || code=$?
  [ "$code" -ne 0 ] || fail 'it started on every address without tokens'
  grep -q HOLDFAST_TOKENS "$scratch/refusal" || fail "the refusal names no HOLDFAST_TOKENS: $(cat "$scratch/refusal")"
  say 'refuses every address without tokens, and says so'
}

serves_as_process_of_its_own() {
  start
  local node_pid
  node_pid=$(innermost "$runner")
  equal "$(readlink "/proc/$node_pid/exe" | xargs basename)" node 'no shell stands before node'
  equal "$(awk '/^Uid:/ { print $2 }' "/proc/$node_pid/status")" 1000 'the process is not root'
  health_check || fail 'the health check fails on a ready service'
  say 'the health check passes on a ready service'
  call PUT /v1/locks/smoke '{"description":"declared by the smoke test"}' >/dev/null || fail 'no lock was declared'
  call POST /v1/locks/smoke/leases '{"ttlMs":60000}' | grep -q '"state":"held"' || fail 'no lease was granted'
  say 'grants a lease'
  call POST /v1/batches '{"function":"add","call":"starmap","items":[[1,2]],"waitMs":10000}' | grep -q '"value":3' ||
    fail 'the example function did not run'
  say 'runs a function of its functions folder'
  buildah run --user 0 "$container" -- find /data -mindepth 1 ! -user 1000 >"$scratch/foreign"
  [ ! -s "$scratch/foreign" ] || fail "files of another user: $(cat "$scratch/foreign")"
  [ -n "$(buildah run --user 0 "$container" -- find /data -type f)" ] || fail 'nothing was written to the data volume'
  say 'writes to the data volume as its user'
}

stops_in_order() {
  stop
  ! health_check 2>/dev/null || fail 'the health check passes where nothing runs'
  say 'the health check fails where nothing runs'
}

keeps_its_data() {
  start
  call GET /v1/locks/smoke | grep -q '"state":"locked"' || fail 'a new start does not know the lease'
  say 'a new start on the volume knows the lease'
  stop
}

# The kernel gives process 1 no default action for signals: only a handler of its own makes SIGTERM end it. Chroot
# isolation starts no name space for processes, so this one is made by hand; it writes below the mount, not to the volume.
obeys_as_process_one() {
  local root
  root=$(buildah mount "$container")
  await_ready unshare --pid --fork --mount-proc="$root/proc" env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/bin HOLDFAST_HOST=127.0.0.1 \
    HOLDFAST_PORT="$PORT" HOLDFAST_TOKENS="$TOKEN" HOLDFAST_DATA_DIR=/data chroot --userspec=1000:1000 "$root" \
    sh -c 'cd /app && exec node bin/serve.js'
  equal "$(awk '/^NSpid:/ { print $NF }' "/proc/$(innermost "$runner")/status")" 1 'runs as process 1 of a name space'
  stop
  buildah umount "$container" >/dev/null
}

# --- tools

start() {
  await_ready buildah run --env HOLDFAST_TOKENS="$TOKEN" --env HOLDFAST_PORT="$PORT" "$container" -- node bin/serve.js
}

await_ready() {
  "$@" >"$scratch/log" 2>&1 &
  runner=$!
  local deadline=$((SECONDS + WAIT_S_MAX))
  until curl -fsS -o /dev/null "http://127.0.0.1:$PORT/health/ready" 2>/dev/null; do
    kill -0 "$runner" 2>/dev/null || fail "it ended: $(cat "$scratch/log")"
    [ "$SECONDS" -lt "$deadline" ] || fail "not ready after $WAIT_S_MAX s: $(cat "$scratch/log")"
    sleep 0.1
  done
  say 'starts and is ready'
}

stop() {
  local code=0
  kill -TERM "$(innermost "$runner")"
  wait "$runner" || code=$?
  runner=
  [ "$code" -eq 0 ] || fail "SIGTERM ended it with $code: $(tail -n 5 "$scratch/log")"
  say 'SIGTERM ends it with 0'
}

call() {
  local body=${3:-}
  curl -fsS -X "$1" -H "authorization: Bearer $TOKEN" ${body:+-H content-type:application/json --data "$body"} "http://127.0.0.1:$PORT$2"
}

# The command of the image's HEALTHCHECK, run as an engine runs it: in the container, with its environment.
health_check() {
  local -a command
  mapfile -d '' -t command < <(config Healthcheck | node -e '
    const { Test } = JSON.parse(require("node:fs").readFileSync(0));
    process.stdout.write(Test.slice(1).map((word) => word + "\0").join(""));')
  buildah run --env HOLDFAST_PORT="$PORT" "$container" -- "${command[@]}"
}

# One member of the image's configuration, as JSON.
config() {
  buildah inspect --type image "$IMAGE" | node -e '
    const { config } = JSON.parse(require("node:fs").readFileSync(0)).Docker;
    console.log(JSON.stringify(config[process.argv[1]]));' "$1"
}

# The last of a chain of processes: buildah runs the command through two of its own.
innermost() {
  local pid=$1 child
  while child=$(pgrep -P "$pid" | head -n 1) && [ -n "$child" ]; do pid=$child; done
  echo "$pid"
}

equal() {
  [ "$1" = "$2" ] || fail "$3: expected $2, found $1"
  say "$3"
}
say() { echo "image: $1"; }
fail() {
  echo "image: FAILED: $1" >&2
  exit 1
}

case ${1:-all} in
  base) make_base ;;
  build) shift && build "$@" ;;
  smoke) smoke ;;
  all) build && smoke ;;
  *) fail "unknown command $1" ;;
esac
