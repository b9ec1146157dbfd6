import { parseArgs } from "node:util";
import { VERSION } from "../base/version.ts";
import { backup, factoryReset, restore } from "./backup.ts";
import { capture } from "./capture.ts";
import { Client, UnreachableError } from "./client.ts";
import { config } from "./config.ts";
import { type Context, EXIT, type Options, type Surroundings } from "./context.ts";
import { drill } from "./drill.ts";
import { exportFiles } from "./export.ts";
import { handover, maintenance } from "./gateway.ts";
import { IMPORT_KINDS, importFiles } from "./import.ts";
import { logs } from "./logs.ts";
import { pair, unpair } from "./pair.ts";
import { partnerDown } from "./partner-down.ts";
import { showEvents } from "./show-events.ts";
import { showIdentity } from "./show-identity.ts";
import { showLeases } from "./show-leases.ts";
import { showStatus, watchStatus } from "./show-status.ts";
import { showWhy } from "./show-why.ts";
import { support } from "./support.ts";
import { painter } from "./terminal.ts";
import { user } from "./users.ts";

/** Runs one command line; resolves to the exit code. */
export async function run(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const { env, isTerminal, err } = surroundings;
  const parsed = parse(argv);
  if (typeof parsed === "string") {
    err(`tandem: ${parsed}\nTry "tandem help".\n`);
    return EXIT.usage;
  }
  const { command, options, words } = parsed;
  if (options.help) {
    return showHelp(surroundings);
  }
  const socket = options.socket ?? env.TANDEM_SOCKET ?? DEFAULT_SOCKET;
  const hasColour = isTerminal && !options["no-color"] && !env.NO_COLOR && env.TERM !== "dumb";
  const client = new Client(socket);
  try {
    return await command.run({
      ...surroundings,
      client,
      paint: painter(hasColour),
      options,
      words,
    });
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    err(`${error.message}\n`);
    return EXIT.down;
  }
}

const DEFAULT_SOCKET = "/run/tandem/tandem.sock";

const OPTIONS = {
  socket: { type: "string" },
  json: { type: "boolean", default: false },
  dump: { type: "boolean", default: false },
  watch: { type: "boolean", default: false },
  follow: { type: "boolean", default: false },
  yes: { type: "boolean", default: false },
  network: { type: "string" },
  state: { type: "string" },
  "passphrase-file": { type: "string" },
  leases: { type: "boolean", default: false },
  replace: { type: "boolean", default: false },
  write: { type: "string", short: "w" },
  seconds: { type: "string" },
  level: { type: "string" },
  anonymous: { type: "boolean", default: false },
  "no-color": { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

type OptionName = keyof typeof OPTIONS;

interface Command {
  /** Options beyond --socket, --json, --no-color and --help, which every command takes. */
  readonly options: readonly OptionName[];
  /** Words after the command that it needs, named for the complaint, and how many it takes. */
  readonly needs?: string;
  readonly wordsMax: number;
  readonly run: (context: Context) => Promise<number> | number;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  status: {
    options: ["watch"],
    wordsMax: 0,
    run: (context) => (context.options.watch ? watchStatus(context) : showStatus(context)),
  },
  leases: { options: ["dump", "network", "state"], wordsMax: 1, run: showLeases },
  events: { options: ["follow"], wordsMax: 0, run: showEvents },
  why: {
    options: [],
    needs: "a MAC address, an IPv4 address or a name",
    wordsMax: 1,
    run: showWhy,
  },
  capture: { options: ["network", "seconds", "write"], wordsMax: 1, run: capture },
  logs: { options: ["level"], wordsMax: 1, run: logs },
  support: { options: ["anonymous"], wordsMax: 1, run: support },
  config: { options: ["yes", "seconds"], wordsMax: 2, run: config },
  user: { options: ["passphrase-file"], wordsMax: 3, run: user },
  identity: { options: [], wordsMax: 0, run: showIdentity },
  "partner-down": { options: ["yes"], wordsMax: 0, run: partnerDown },
  pair: { options: ["watch"], wordsMax: 3, run: pair },
  unpair: { options: ["yes"], wordsMax: 0, run: unpair },
  handover: { options: ["yes"], wordsMax: 0, run: handover },
  maintenance: { options: ["yes"], wordsMax: 1, run: maintenance },
  drill: { options: ["yes"], wordsMax: 1, run: drill },
  import: {
    options: ["write"],
    needs: `one of ${IMPORT_KINDS}, and files`,
    wordsMax: 100,
    run: importFiles,
  },
  export: {
    options: ["write"],
    needs: "isc or kea, and a config.json",
    wordsMax: 2,
    run: exportFiles,
  },
  backup: { options: ["passphrase-file", "leases"], wordsMax: 1, run: backup },
  restore: {
    options: ["passphrase-file", "replace", "yes"],
    needs: "the file of a backup",
    wordsMax: 1,
    run: restore,
  },
  "factory-reset": { options: ["leases", "yes"], wordsMax: 0, run: factoryReset },
  help: { options: [], wordsMax: 1, run: showHelp },
  version: {
    options: [],
    wordsMax: 0,
    run: ({ out, options }) => {
      out(options.json ? `${JSON.stringify({ version: VERSION })}\n` : `tandem ${VERSION}\n`);
      return EXIT.fine;
    },
  },
};

function showHelp({ out }: Surroundings): number {
  out(HELP);
  return EXIT.fine;
}

const COMMON: readonly string[] = ["socket", "json", "no-color", "help"];

interface Parsed {
  readonly command: Command;
  readonly options: Options;
  readonly words: readonly string[];
}

/** The parsed command line, or what is wrong with it. */
function parse(argv: readonly string[]): Parsed | string {
  let parsed: ReturnType<typeof parseWords>;
  try {
    parsed = parseWords(argv);
  } catch (error) {
    return (error as Error).message;
  }
  const [name = "status", ...words] = parsed.positionals;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) return `there is no command "${name}"`;
  for (const [option, value] of Object.entries(parsed.values)) {
    const isKnown = COMMON.includes(option) || (command.options as string[]).includes(option);
    if (value !== false && !isKnown) return `"${name}" has no option --${option}`;
  }
  if (words.length > command.wordsMax) return `"${name}" does not take "${words.at(-1)}"`;
  if (command.needs !== undefined && words.length === 0 && !parsed.values.help) {
    return `"${name}" needs ${command.needs}`;
  }
  return { command, options: parsed.values, words };
}

function parseWords(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, strict: true });
}

const HELP = `tandem: what this box is doing

  tandem [status] [--watch]     role, state and why, networks, pools, problems
  tandem leases [TEXT]          who has which address; TEXT is looked for in
                                address, MAC, name, client id and vendor class
      --network NAME            of one network
      --state STATE             active, expired, released, abandoned or free
      --dump                    tab-separated, for scripts: address network
                                state mac randomised-mac name client-id
                                vendor-class start seen end reserved
  tandem events [--follow]      what happened lately, and from now on
  tandem why CLIENT             why a device has an address or has none, and
                                what was decided about it lately; CLIENT is
                                its MAC address, IPv4 address or name
  tandem capture [MAC]          the DHCP, ARP and echo frames of all devices or
                                of this one, for Wireshark: into a file, or
                                into another program (wireshark -k -i -)
      -w FILE                   into this file
      --seconds N               for so long, 60 when it is not said
      --network NAME            of the LAN of one network
  tandem logs [TEXT]            what was written into the log in this run, all
                                of it or the lines with this text
      --level LEVEL             debug, info, warning or error, and above
  tandem support [FILE]         everything that helps to find a fault, in one
                                document; no keys or passwords are in it
      --anonymous               with invented names and MAC addresses
  tandem config                 whether both boxes have the same configuration,
                                and where they differ
  tandem config keep            this box's configuration for both boxes
  tandem config take            the partner's configuration for both boxes
  tandem config apply FILE      another config.json for both boxes; says what
      [--yes]                   it means and asks first, and is undone by
                                itself when nobody confirms it in a minute
      --seconds N               or in so long; 0: it stays
  tandem config confirm|undo    the change that waits for it stays, or goes
  tandem config history         what was in force: number, when, who
  tandem config back N [--yes]  the one of this number for both boxes again
  tandem user                   who may log in
  tandem user add NAME ROLE     one more: viewer, operator or admin; the first
                                one is the first password of the boxes
  tandem user role NAME ROLE    another role
  tandem user password NAME     another password, also without the old one
  tandem user delete NAME
      --passphrase-file F       the password is the first line of F
  tandem identity               who this box is: pair.partnerIdentity in the
                                box.json of its partner
  tandem partner-down [--yes]   the partner is off for certain: this box works
                                alone and gives out its addresses as well;
                                asks first, unless --yes is said
  tandem pair [--watch]         how far this box is with becoming one of two,
                                and what to do now; one of these is said then:
      confirm DIGITS            both boxes show these six digits
      differ                    they do not show the same digits
      choose keep|take          both get the configuration of this box, or
                                that of the other one
      cancel                    no pair shall come of it
      again                     begin anew after it ended
      button                    for the button of the box: as confirm, for a
                                box that was found a moment ago
  tandem unpair [--yes]         the boxes are no pair any more: this one goes
                                on serving, the other one answers nobody
  tandem handover [--yes]       the gateway goes to the other box, whichever
                                has it; says what will happen and asks first
  tandem maintenance on|off     everything goes to the partner, so that this
      [--yes]                   box can be worked on and switched off; stays
                                so until it is told that the work is done
  tandem maintenance            whether it is
  tandem drill planned|unplug   tries out that the other box takes over, and
      [--yes]                   measures it: the gateway is handed over, or
                                its box acts as if its power were gone; comes
                                back by itself
  tandem drill                  what drills have shown
  tandem import KIND FILE...    what can be taken over from another server,
                                and every line that cannot; nothing is changed
                                on this box. KIND and its files: isc
                                (dhcpd.conf, dhcpd.leases), kea (its JSON, its
                                leases), openwrt (/etc/config/dhcp and network,
                                dhcp.leases), dnsmasq (dnsmasq.conf, its
                                leases), windows (XML of Export-DhcpServer)
      --write FOLDER            writes it as config.json into this folder
  tandem export isc|kea CONFIG  this config.json, with the leases of this box,
                                as an ISC dhcpd or Kea reads it, and every
                                setting that cannot be said there
      --write FOLDER            writes the files into this folder
  tandem backup [FILE]          all that makes this box what it is, in one file;
                                not encrypted, it holds no passwords and keys
      --passphrase-file F       encrypts it with the first line of F, and puts
                                users, tokens and the key of the box in as well
      --leases                  with a list of who has which address
  tandem restore FILE           what would come of putting a backup back: what
                                changes, who notices, and what stays out;
                                nothing is done
      --yes                     does it
      --replace                 this box takes the place of the one that the
                                backup is of: its name, ports and addresses
      --passphrase-file F       for one that is encrypted
  tandem factory-reset [--yes]  the box becomes as it came from the factory;
                                says what goes and asks first
      --leases                  the book of leases goes as well
  tandem version
  tandem help

  --socket PATH  the daemon's socket; also by TANDEM_SOCKET
                 (${DEFAULT_SOCKET})
  --json         for scripts; with --watch or --follow one object per line
  --no-color     also by NO_COLOR, and when the output is not a terminal

Exit codes: 0 fine, 1 degraded, 2 down or not reachable, 3 wrong usage;
of why: 0 when the device has an address or needs none, else 1;
of config: 0 unless a person has to do something, or it is refused, then 1;
of import: 0 when everything can be taken over, else 1;
of partner-down, unpair, handover, maintenance, drill, factory-reset: 0 done,
1 refused, 3 not confirmed;
of backup and restore: 0, or 1 when it cannot be done;
of pair: 0, or 1 when something is in the way or it was refused.
`;
