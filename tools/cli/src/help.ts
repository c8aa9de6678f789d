// Nothing is imported here: help answers before the npm packages are installed.

/** What `./weir help` prints. */
export const overview = `Weir: self-hosted real-time video. Rooms, streams and calls on your own machines.

  ./weir up              start it on this machine and print the address to open
  ./weir serve           start one process of a fleet
  ./weir drain NODE      take a node out of a fleet without anybody noticing
  ./weir roll            replace all nodes of a fleet, one after the other, likewise
  ./weir autoscale       start and stop media nodes as their load asks for
  ./weir prepare         get what a first start gets, for an image
  ./weir token           make a join token for your own page or backend
  ./weir doctor          say what this machine has, what is missing and what that means

  ./weir test [NAME…]    run all tests, or those whose path contains a NAME
  ./weir check           lint, types and package arrows, under a minute
  ./weir simulate        a fleet and a million people on a virtual clock: overloads, moves, cost
  ./weir bench [NAME]    list the measurements, or run one
  ./weir chaos           kill, stop and cut off the parts of a test fleet with people in calls, and say what they saw
  ./weir pack            npm packages of the SDK for your own pages
  ./weir reference       write docs/reference anew from the sources
  ./weir help COMMAND    all options of a command

The first start installs what it needs (Node, npm packages, the media engine) and says so; later ones start at once.

  ./weir up                                               try it: open the printed link in two tabs
  ./weir up --tls                                         with cameras on other machines of your network
  ./weir token --room ward-3 --identity nurse-7           a token on stdout, a link with it on stderr
`;

const commands: Record<string, string> = {
  up: `./weir up [options]: starts Weir on this machine. Ctrl-C stops it.

  --port N              port of the web app, the API and signaling (7420)
  --host ADDRESS        address to listen on (with --tls or --announce all, 0.0.0.0; else this machine only, localhost)
  --data-dir DIR        where keys, database and certificate are kept (.weir/data in the checkout,
                        or the environment variable WEIR_DATA_DIR)
  --tls                 https with a certificate of its own; browsers warn about it once
  --tls-cert FILE       https with your certificate (PEM, with its chain) …
  --tls-key FILE        … and its private key (PEM)
  --announce ADDRESS    the address that clients send media to, when it is not one of this machine's, like the public
                        one of a router or cloud; may be given more than once (this machine's LAN addresses)
  --announce-unchecked  do not check that --announce leads here
  --media-port N        first port for media, UDP and TCP; each worker takes one (free ports are chosen)
  --workers N           media workers, one processor core each (all cores)
  --trust-proxy ADDR    a proxy in front, or a network of them (10.0.0.0/8), that tells clients' addresses (X-Forwarded-For)
  --requests-per-minute N   API requests of one address, joins included: more where thousands share one (1200)
  --no-guests           only who has a token may join; else anybody who knows the name of a room
  --no-public-preflight only who has a token may test the connection; else anybody who opens /preflight
  --log-level LEVEL     debug, info, warn or error (info)

  --relay               a relay (TURN) beside it, for people whose network lets no direct path through; needs coturn
  --relay-host NAME     how clients reach it; with TLS a name of the certificate (the announced address)
  --relay-port N        its port for UDP and TCP (3478)
  --relay-tls-port N    its port for TLS, with --tls or --tls-cert (5349)
  --relay-tls-public HOST:PORT   where clients find TLS, when a proxy passes it on, like turn.example.org:443
  --relay-ports A-B     the UDP ports that it relays from; a client takes some (49152-65535)
  --relay-allow ADDR    a private address, or a range A-B, that it may relay to: media nodes elsewhere. All other private
                        addresses are refused

  --nodes N             a fleet instead: so many media nodes, directors and signaling on a Redis and a Postgres of its own, for this
                        machine alone and for as long as it runs; of the options above with --port, --relay and --no-guests only
  --regions N           … in so many regions (1)

Browsers give cameras and microphones only to pages over https or on localhost: for other machines use --tls.

  ./weir up --nodes 4 --regions 2                         a fleet in two regions, to kill nodes of
  ./weir up --tls --port 443 --media-port 40000
  ./weir up --announce 203.0.113.7 --media-port 40000     behind a router that forwards port 40000, UDP and TCP
`,
  serve: `./weir serve [options]: starts one process of a fleet. All share a Redis (or Valkey) and a Postgres.

  --roles LIST          director, signaling, media, relay; with commas (the first three)
  --redis URL           redis:// or rediss://; more than one with --redis-cluster (or WEIR_REDIS, with commas)
  --redis-cluster       the addresses are nodes of a Redis Cluster
  --database URL        postgres:// (or WEIR_DATABASE); directors need it, other roles do not
  --region NAME         where this process is (local)
  --region-hint X=NAME  where clients of a network (10.1.0.0/16) are, or those for whom --region-header says X; repeatable
  --region-header NAME  a header that a proxy in front sets, with the region or a country
  --node-id NAME        its name, the same again after a restart (a new one at each start)
  --public-url URL      wss:// address of this signaling node, when clients may reach it directly
  --control-host ADDR   where this media node listens for signaling nodes and other media nodes: the private network
                        (127.0.0.1)
  --control-port N      … and its port (any free one)
  --control-url URL     ws:// address of that, when it is another one from outside
  --max-sessions N      a room with more goes on to other media nodes (as many as the processors carry)
  --max-egress N        what this media node is meant to send, in Mbit/s (as much as its processors do)
  --max-packets N       … in and out a second, over UDP
  --max-consumers N     … streams to clients and between its workers
  --fan-out N           media nodes that get a track from this one; more get it from those (8)

and the options of ./weir up. WEIR_CLUSTER_SECRET in the environment, the same on every node, keeps strangers from
controlling media nodes.

  ./weir serve --roles director,signaling --port 443 --tls-cert c.pem --tls-key k.pem
  ./weir serve --roles media --media-port 40000 --announce 203.0.113.7 --control-host 10.0.0.7
  ./weir serve --roles relay --announce 203.0.113.9 --relay-host turn.example.org --tls-cert c.pem --tls-key k.pem
`,
  drain: `./weir drain [NODE] [options]: takes a node out of the fleet without dropping anybody. Without NODE: lists all.

  --deadline TIME       by then it is empty: 60s, 10m; until then people are moved bit by bit, then all who are left (60s)
  --undo                the node takes people again
  --url URL             a director; may be given more than once (http://localhost:7420)
  --data-dir DIR        where the API key is (.weir/data in the checkout, or WEIR_DATA_DIR)
  --json                the node at the end, as JSON on stdout

Nobody new comes to a drained node, also when it is started again, until the drain is undone. Exits with 1 when somebody
is still there after the deadline. Stopping this command (Ctrl-C) does not undo the drain. The key may be in WEIR_API_KEY
and WEIR_API_SECRET.

  ./weir drain media-3 --deadline 10m      progress on stderr; then the process can be ended
  ./weir drain media-3 --undo
`,
  roll: `./weir roll [NODE…] [options]: replaces all nodes of a fleet, or those named, without anybody noticing.

  --restart COMMAND     rolling: each node is drained, restarted with this, and takes people again before the next is
  --end COMMAND         blue-green: others run already; the named nodes are drained together, and each ended with this
  --deadline TIME       for each to become empty: 60s, 10m (60s)
  --alone               also nodes that have no other of their kind to go to: with a short break
  --url URL             a director; give several: the one that is asked is replaced as well (http://localhost:7420)
  --data-dir DIR        where the API key is (.weir/data in the checkout, or WEIR_DATA_DIR)
  --json                how long each took, as JSON on stdout

{node} in a command is the node's name; it is run by sh, and WEIR_NODE has the name as well. Stops at the first node that
does not become empty, does not come back, or whose command fails: nothing is ended with people on it.

  ./weir roll --restart 'ssh {node} systemctl restart weir' --url https://a.example.org --url https://b.example.org
  ./weir roll blue-1 blue-2 --end 'kubectl delete pod {node}'
`,
  prepare: `./weir prepare: gets everything that a first start would get (packages, media engine, web app), and ends. For images.
`,
  token: `./weir token --room ROOM --identity WHO [options]: makes a join token.

  --room ROOM           the room that it opens
  --identity WHO        who it is, in your product's words
  --name TEXT           the name that others see
  --grants LIST         what it allows, with commas:
                          publish | no-publish | publish:camera+microphone    (also: screen, screen-audio, data)
                          subscribe | no-subscribe      data | no-data
                          hidden       admin       bypass-lobby
                        without the option: publish, subscribe and data
  --ttl TIME            how long it can be used to join: 90s, 30m, 6h, at most 24h (6h)
  --metadata TEXT       free text of yours that others in the room can read
  --url URL             address of this Weir, for the link (http://localhost:7420)
  --data-dir DIR        where the API key is (.weir/data in the checkout, or WEIR_DATA_DIR)

The key is read from the data directory, or from WEIR_API_KEY and WEIR_API_SECRET. The token alone goes to stdout, a link
that joins with it to stderr.

  TOKEN=$(./weir token --room ward-3 --identity nurse-7 --grants publish,admin)
`,
  doctor: `./weir doctor [options]: says what is there, what is missing and what that means.

  --json                the same as JSON
  --port N              whether this port is free (7420)
  --data-dir DIR        whether this data directory can be written (.weir/data in the checkout, or WEIR_DATA_DIR)

Exits with 1 only when something is missing that ./weir up cannot do without.
`,
  test: `./weir test [NAME…]: lint, types, package arrows, then all unit and end-to-end tests.

With one or more NAMEs only the tests whose path contains one of them, without lint, types and arrows. Installs the Debian
packages that the tests need (as root; else it names them). The last line is the sum: N passed, N failed[, N skipped].

  ./weir test packages/core
`,
  check: `./weir check: lint and format (biome), types (tsc) and package arrows, in parallel.
`,
  autoscale: `./weir autoscale [options] [-- options of the nodes]: keeps a region's nodes of a role as many as their load asks for:
of media nodes what is scarcest on them, of relays their allocations. Nodes are started ahead of a load that grows; when it was low for long few
at a time are drained and stopped. One for each role and region; a second one waits.

  --driver NAME         process, docker or kubernetes: what a node is (process)
  --role NAME           media or relay (media)
  --region NAME         whose nodes (local)
  --min N               never fewer (1)
  --max N               never more (8)
  --drain TIME          how long those on a node have to leave it (10m)
  --redis URL           the fleet's (or WEIR_REDIS, with commas)
  --redis-cluster       the addresses are nodes of a Redis Cluster
  --image NAME          of containers and pods (weir)
  --docker URL          Docker's API (unix:/var/run/docker.sock)
  --env-from NAME       the Kubernetes secret with WEIR_REDIS and WEIR_CLUSTER_SECRET (weir)

  ./weir autoscale --region eu --max 4 -- --announce 203.0.113.7 --control-host 10.0.0.7
`,
  simulate: `./weir simulate [options]: a fleet in two regions and its people on a virtual clock, with nodes that die and then a
quarter of a region at once. Placement, autoscale and the trees of pipes are the real ones; nothing is started.

  --participants N      people, who come within twenty minutes and stay as long (1000000)
  --biggest N           in the biggest room (100000)
  --failures N          nodes that die one by one (20)
  --seed N              the same seed gives the same (1)
  --json                the report as JSON on stdout
`,
  bench: `./weir bench [NAME [options]]: lists the measurements, or runs one and exits with 1 when it misses its goal.

  ./weir bench                the list, with the options of each and their defaults
  ./weir bench NAME           a table, and as the last line of stdout the result as JSON
  ./weir bench NAME --json    only the latter
`,
  chaos: `./weir chaos [options]: kills, stops, cuts off and drains the parts of a fleet with people in calls; says what they saw.

  --seed N              what is done when, the same again for the same number (7)
  --minutes N           for how long (5)
  --seconds N           instead of minutes, for a short run
  --peers N             people, in rooms of four (12)
  --json                only the result, as JSON

Starts a Redis, a Postgres, two directors with signaling and three media nodes of its own on loopback, and ends them. A
table says for each blow how many cameras stood still for half a second or more, and for how long. Exits with 1 when
anybody was dropped from a call or seen leaving one, or a camera does not come back.

  ./weir chaos --seed 7 --minutes 5
`,
  reference: `./weir reference: writes the API reference (docs/reference) anew from the doc comments of the sources.
`,
  pack: `./weir pack [--out DIR]: packs the SDK, the React components and what they need into npm packages.

  --out DIR             where the tarballs go (.weir/packages in the checkout); their paths go to stdout

  npm install $(./weir pack)       in a project beside: installs them
`,
};

/** The help of one command; nothing for an unknown one. */
export function helpFor(command: string): string | undefined {
  return Object.hasOwn(commands, command) ? commands[command] : undefined;
}
