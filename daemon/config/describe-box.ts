// What people are told of the settings of box.json.

import type { SettingTexts } from "./describe.ts";

export const ABOUT_BOX: SettingTexts = {
  version: {
    title: "Version of file",
    help: "How this file is to be read. There is only one way so far.",
    unit: "none",
    example: 1,
  },
  name: {
    title: "Name of box",
    help: "What pages and logs call this box, such as A or cellar. The partner has another one.",
    example: "A",
  },
  role: {
    title: "Part of box",
    help: "A serving box answers devices; one on standby answers nobody. Both boxes of a pair are serving.",
    example: "serving",
  },
  networks: {
    title: "Ports and addresses",
    help: "At which port of this box each network is. A network that is not listed is left to the other box.",
    entry: "port",
  },
  "networks.*.interface": {
    title: "LAN port",
    help: "Name of the interface that the network is connected to. Only networks that share a wire have the same one.",
    example: "lan0",
  },
  "networks.*.address": {
    title: "Address of box",
    help: "The address of this box there, with the length of the prefix of the network. It is nobody else's and in no pool's way.",
    example: "192.168.1.2/24",
  },
  pair: {
    title: "Partner of box",
    help: "Who the second box is, and how this one reaches it. Pairing over the cable writes all of this by itself.",
    without: "The box works alone.",
  },
  "pair.role": {
    title: "Part in pair",
    help: "The primary speaks first, and its times and shares count. The partner has the other part.",
    example: "primary",
  },
  "pair.address": {
    title: "Own pair address",
    help: "Where this box listens for a partner that has a fixed address, such as a dhcpd. It goes together with the address of the partner.",
    without: "The partner is looked for on the cable and on the networks.",
    example: "192.0.2.1",
    advanced: true,
  },
  "pair.partner": {
    title: "Partner's address",
    help: "Where a partner with a fixed address is. It goes together with the pair address of this box.",
    without: "The partner is looked for on the cable and on the networks.",
    example: "192.0.2.2",
    advanced: true,
  },
  "pair.port": {
    title: "Pair port number",
    help: "TCP port at which the partner reaches this box, and UDP port of heartbeats. Both boxes have the same, unless they have fixed addresses.",
    unit: "none",
    without: "8647, or 647 with a dhcpd.",
    example: 8647,
    advanced: true,
    isPairs: true,
  },
  "pair.partnerPort": {
    title: "Partner's port number",
    help: "TCP port at which a partner with a fixed address listens. Any other partner says its port itself.",
    unit: "none",
    without: "8647, or 647 with a dhcpd.",
    example: 8647,
    advanced: true,
  },
  "pair.partnerIdentity": {
    title: "Identity of partner",
    help: "The 64 hex digits that tandem identity says on the partner. Whoever cannot show the key behind them is not let in.",
    without: "The partner is whoever has its address; only with fixed addresses.",
    example: "b3a1f0c2d4e5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d1e0f",
    advanced: true,
  },
  http: {
    title: "Web page",
    help: "Where this box can be reached with a browser or a program.",
  },
  "http.httpsPort": {
    title: "Secure page port",
    help: "TCP port at which browsers in the local networks reach the box by HTTPS. With 0 they do not reach it.",
    unit: "none",
    example: 8443,
    advanced: true,
  },
  "http.port": {
    title: "Local page port",
    help: "TCP port at which the box serves its page to programs on the box itself, at 127.0.0.1.",
    unit: "none",
    without: "The page is not served there.",
    example: 8080,
    advanced: true,
  },
};
