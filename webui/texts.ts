// Every word of the page, in one place. Sentences about the box itself come from the box.

import type {
  BoxState,
  CallerView,
  LeaseView,
  PairingStageId,
  PathView,
  Role,
  Severity,
} from "../daemon/http/api-types.ts";
import type { Refusal } from "./ask.ts";

export const TEXTS = {
  product: "Tandem",
  box: "Box",
  asking: "Asking the box …",
  askingDetail: "This takes a moment.",
  lost: (time: string) => `No word from this box since ${time}.`,
  lostDetail: "What you see below is what it said last. The page tries to reach it by itself.",
  never: "This box does not answer.",
  neverDetail: "The page tries again by itself.",
  live: (age: string) => `Live, as of ${age}`,
  stale: (age: string) => `Not live, as of ${age}`,
  since: (state: string, time: string) => `${state} since ${time}`,
  skip: "Skip to the leases",

  attention: "What to know",
  conditionSince: "Began",
  configuration: "Errors in the configuration",
  configurationSource: {
    "last-good": "The last configuration that was right is in force.",
    none: "No configuration is in force.",
    files: "",
  },

  networks: "Networks",
  noNetworks: "No network is set up on this box yet.",
  link: "Link",
  linkUp: "connected",
  linkNoCarrier: "no cable or no device",
  linkMissing: "port is not there",
  linkUnknown: "unknown: the packet helper does not answer",
  on: "on",
  serverId: "Server address",
  gateway: "Gateway",
  leaseTime: "Lease time",
  none: "(none)",
  served: "serving",
  notServed: "not serving",
  pool: (from: string, to: string) => `${from} to ${to}`,
  poolUse: (used: number, size: number) => `${used} of ${size} in use`,
  poolLabel: (from: string, to: string, used: number, size: number) =>
    `Pool ${from} to ${to}: ${used} of ${size} addresses in use`,
  active: "given out",
  offered: "offered",
  abandoned: "set aside",
  free: "free",
  partners: "the partner's",
  packets: "Packets since the start",
  noPackets: "None yet.",

  leases: "Leases",
  device: "Device",
  address: "Address",
  leaseState: "State",
  heard: "Last heard",
  ends: "Ends",
  endsNever: "never",
  noName: "(no name)",
  random: "random MAC",
  randomHelp: "A made-up address, as phones use to stay private: it may change by itself.",
  reserved: "reserved",
  search: "Search",
  searchHint: "Name, address, MAC …",
  show: "Show",
  showActive: "in use",
  showAll: "all",
  csv: "Save as CSV",
  noLeases: "No device has an address yet. One that connects appears here by itself.",
  noMatch: "No lease matches.",
  count: (shown: number, total: number) => (shown === total ? `${total}` : `${shown} of ${total}`),
  range: (from: number, to: number, total: number) => `${from} to ${to} of ${total}`,
  previous: "Previous",
  next: "Next",
  announce: (device: string, address: string) => `New: ${device} has ${address}`,
  loadFailed: "The list could not be read; it is tried again by itself.",

  events: "Newest events",
  noEvents: "Nothing has happened yet.",
  severity: "Severity",

  about: "This box",
  name: "Name",
  role: "Role",
  version: "Version",
  running: "Running since",
  memory: "Memory",
  journal: "Lease journal",
  journalState: { ok: "written", slow: "slow", failing: "cannot be written" },
  partner: "Partner",
  noPartner: "not paired",
  partnerConnected: "connected",
  partnerAway: "not connected",
  pairHere: "State of this box",
  pairThere: "State of the partner",
  pairThereLast: "Partner, last heard",
  pairStarting: "starting",

  pair: "Pair",
  thisBox: "this box",
  gatewayTitle: "Gateway",
  gatewayHere: "at this box",
  gatewayNotHere: "not at this box",
  gatewaySince: "Since",
  gatewayAddresses: "Addresses that move",
  healthHere: "Health of this box",
  healthThere: "Health of its partner",
  score: (score: number) => `${score} of 100`,
  checks: "What is looked at",

  wires: "The wires between the boxes",
  pairCable: "Pair cable",
  lan: (name: string) => `LAN ${name}`,
  wireUsed: "the boxes speak over it",
  wireHeard: "the partner was heard on it",
  wireNeverHeard: "the partner was never heard on it",
  noWire: "The boxes do not speak with each other now.",

  fingerprint: "Fingerprint",
  configDifferences: "What is different",
  configHere: "This box",
  configThere: "Partner",
  configMore: (count: number) => `and ${count} more`,
  configChoose: "Choose once, at the command line of either box",
  configChooseHere: "Choose which one both boxes shall have",
  configKeepHere: "Keep this box\u2019s",
  configTakeThere: "Take the partner\u2019s",
  configKeepAsk:
    "Both boxes get the configuration of this box. What was changed on the partner is given up.",
  configTakeAsk:
    "Both boxes get the configuration of the partner. What was changed on this box is given up.",
  configKeepYes: "Yes, keep this box\u2019s",
  configTakeYes: "Yes, take the partner\u2019s",
  leaveIt: "No, change nothing",
  configKeep: "puts the configuration of the box where it is said into force on both.",
  configTake: "puts that of its partner into force on both.",

  pairing: "Pairing",
  paired: "The boxes are a pair now, and in step.",
  pairedHelp: "Each knows what the other gives out. When one is off, the other goes on alone.",
  close: "Close",
  pairingLoud: "Stop. Do not pair these boxes.",
  digits: "Six digits",
  confirm: "They are the same",
  confirmHelp: "Look at the other box as well before you say so.",
  confirmedHere: "You said on this box that they are the same.",
  differ: "They differ",
  differences: "How the configurations differ",
  keep: (name: string) => `Both like box ${name} (this one)`,
  take: (name: string) => (name === "" ? "Both like the other box" : `Both like box ${name}`),
  chooseHelp: "A copy of the one that is replaced stays on the disk of its box.",
  cancel: "Cancel",
  again: "Begin again",
  heldUp:
    "The other box is not ready yet. If it shows \u201cBegin again\u201d, press it there as well.",
  slow: "This takes longer than it should. Look at the pair cable, and whether both boxes are on.",
  model: "Model",
  serial: "Serial number",
  foundBox: "The box that was found",
  stages: "Stages",
  seconds: (seconds: number) => {
    if (seconds < 1) return "under 1 s";
    return seconds < 60 ? `${Math.round(seconds)} s` : span(seconds);
  },
  stageDone: "done",
  stageNow: "under way",
  unpair: "End the pair",
  unpairHelp:
    "This box goes on serving alone. The other one answers nobody until it is paired again.",
  unpairAway:
    "This box goes on serving alone. The other one is not reached and is not told: end the pair there as well, or leave it switched off.",
  unpairYes: "End it now",
  unpaired: "The pair was ended.",
  notSaid: "The box did not answer; try again.",

  logIn: "Log in",
  logInTo: (host: string) => `to the box at ${host}`,
  userName: "User name",
  password: "Password",
  showPassword: "Show what is typed",
  typeBoth: "Type in a user name and the password.",
  wait: (seconds: number) => `Try again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`,
  tryNow: "You can try again now.",
  tooManyTries: "Too many tries have failed. Wait a moment.",
  noCookie:
    "The box let you in, but your browser does not keep its cookie. Allow cookies for this address, and log in again.",
  sessionEnded: "Your session has ended. Log in again to go on where you were.",
  claimed: "This box has a password now. Log in to go on.",
  loggedInAs: (name: string) => `Logged in as ${name}`,
  logOut: "Log out",

  setUp: "Set the first password",
  setUpAt: (host: string) => `of the box at ${host}`,
  setUpName: "You log in with this name from now on.",
  newPassword: "New password",
  newPasswordHelp: "At least 10 characters. A few words in a row are easy to keep in mind.",
  repeat: "The same again",
  notTheSame: "The two passwords are not the same. Type them in again.",
  typePassword: "Type in the new password.",
  presence: "Show that you are at the box",
  presenceWhy: "Else the first one in the network who opens this page would own the box.",
  presenceAwaited:
    "Press the button of the box, or confirm the six digits of the pair cable. From then on you have ten minutes. This page notices it by itself.",
  presenceProven: "The box has noticed that you are at it. Set the password within ten minutes.",
  serialOnLabel: "Or type in the serial number on its label",
  notNow: "Not now",
  noPassword: "This box has no password yet.",
  setOne: "Set one",

  trialTitle: "A change of the configuration is being tried out.",
  trialLeft: (seconds: number) =>
    seconds < 100 ? `${seconds} s left` : `${Math.ceil(seconds / 60)} min left`,
  trialPair: "It is undone by itself unless somebody keeps it, on either box.",
  trialAlone: "It is undone by itself unless somebody keeps it.",
  trialOver: "The time is over: the change is being undone.",
  keepIt: "Keep it",
  undoNow: "Undo now",
  trialResult: "What became of the change",

  history: "Last changes of the configuration",
  configurationTitle: "Configuration",
  changeFrom: (from: string, box: string) => `from ${from}, at box ${box}`,
  changeNobody: "without log-in",
  changeUnknown: "it is not known who made it",
  changeNumber: (generation: number) => `Configuration ${generation}`,
  inForce: "in force",
  changeDifferences: "What is different from now",
  changeThen: "In this one",
  changeNow: "Now",
  changeSame: "It is the same as what is in force now.",
  changeFailed: "The box did not tell it; close it and open it again.",
  historyFailed: "The box did not tell it.",
  noHistory: "Nothing has been changed yet.",
  moreChanges: (count: number) => `Show ${count} more`,
  goBack: "Go back to this one",
  goBackAsk: (generation: number, seconds: number) =>
    `Both boxes get configuration ${generation} again, on trial: after ${seconds} seconds it is undone by itself, unless somebody keeps it.`,
  goBackAskAlone: (generation: number, seconds: number) =>
    `The box gets configuration ${generation} again, on trial: after ${seconds} seconds it is undone by itself, unless somebody keeps it.`,
  goBackYes: "Yes, go back",
  goBackWaits: "A change waits to be confirmed: keep it or undo it first.",
} as const;

export const USER_ROLES: Readonly<Record<CallerView["role"], string>> = {
  nobody: "nobody",
  viewer: "viewer",
  operator: "operator",
  admin: "admin",
};

/** Why something is shown that this caller may not do. */
export function mayNot(isUnclaimed: boolean, isForAdmins: boolean): string {
  if (isUnclaimed) return "Set a password for this box first: then you can do this here.";
  return isForAdmins
    ? "Only an admin may do this; you are logged in with fewer rights."
    : "Only an operator or an admin may do this; you are logged in as a viewer.";
}

/** Why the box did not do what it was told. */
export function whyNot({ status, sentence }: Refusal): string {
  if (status === 0) return TEXTS.notSaid;
  // The box names the seconds as well, which are counted down here.
  if (status === 429) return TEXTS.tooManyTries;
  return sentence === "" ? `The box did not do it; it answered with ${status}.` : sentence;
}

export const ROLES: Readonly<Record<Role, string>> = { serving: "serving", standby: "standby" };

export const PAIRING_STAGES: Readonly<Record<PairingStageId, string>> = {
  cable: "Cable seen",
  found: "Box found",
  digits: "Six digits",
  confirmed: "Confirmed on both",
  roles: "Roles and identity",
  configuration: "Configuration",
  leases: "Leases",
  "in-step": "In step",
};

/** After the name of the wire. */
export const WIRES: Readonly<Record<PathView["verdict"], string>> = {
  up: "works",
  mute: "carries one direction only: the partner does not hear this box on it",
  silent: "is connected here, but nothing arrives on it",
  unplugged: "is not connected here: no carrier",
};

export const STATES: Readonly<Record<BoxState, string>> = {
  fine: "Fine",
  degraded: "Needs attention",
  down: "Down",
};

export const SEVERITIES: Readonly<Record<Severity | "debug", string>> = {
  error: "Error",
  warning: "Warning",
  info: "Note",
  debug: "Detail",
};

export const LEASE_STATES: Readonly<Record<LeaseView["state"], string>> = {
  active: "in use",
  free: "free",
  expired: "ended",
  released: "given back",
  abandoned: "set aside",
  reset: "reset",
  backup: "second box's",
};

/** "just now", "3 minutes ago", "in 2 h 5 min" from a difference in seconds; negative is the past. */
export function relative(seconds: number): string {
  const size = Math.abs(seconds);
  if (size < 2) return "just now";
  if (seconds < 0) return `${span(size)} ago`;
  // What lies ahead is planned with, so hours come with their minutes.
  const hours = Math.floor(size / 3600);
  if (hours < 1 || hours >= 24) return `in ${span(size)}`;
  return `in\u00a0${hours}\u00a0h ${Math.floor((size % 3600) / 60)}\u00a0min`;
}

/** "12 hours", in the largest whole unit. */
export function span(seconds: number): string {
  const [unit, length] = UNITS.find(([, size]) => seconds >= size) ?? ["second", 1];
  const count = Math.floor(seconds / length);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
] as const;
