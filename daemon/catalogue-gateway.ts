// The part of the catalogue that is about the gateway, and which box has it.

export const GATEWAY_LOG = {
  "gateway-role": {
    level: "info",
    text: "The gateway: this box was {before} and is {after} now.",
    advice: "",
  },
  "gateway-releasing": {
    level: "warning",
    text: "This box lets go of the gateway: {why}.",
    advice: "",
  },
  "gateway-released": {
    level: "info",
    text: "The partner has the gateway, {milliseconds} ms after this box let go of it: {why}.",
    advice: "",
  },
  "gateway-kept": {
    level: "warning",
    text: "The partner did not take the gateway, so this box has it again: {why}.",
    advice: "Look at the partner: it said that it would take it.",
  },
  "gateway-applied": {
    level: "info",
    text: "What is to move between the boxes is in force ({text}).",
    advice: "",
  },
  "gateway-command": { level: "info", text: 'Asked for "{command}": {result}.', advice: "" },
  "gateway-vrrp-anew": {
    level: "warning",
    text: "The program that moves the addresses is started anew: {why}.",
    advice: "",
  },
  "drill-begun": { level: "warning", text: "A drill begins: {what}.", advice: "" },
  "drill-over": { level: "info", text: "The drill is over: {result}.", advice: "" },
} as const;

export const GATEWAY_CONDITIONS = {
  "gateway-helper-gone": {
    severity: "error",
    text: "Nothing moves the gateway of this box: the helper for it does not answer, {why}.",
    advice: "Start the service tandem-gatekeeper; it is looked for again by itself.",
    impact: "some",
  },
  "gateway-refused": {
    severity: "error",
    text: "What is to move between the boxes could not be put into force: {text}.",
    advice:
      "Compare the gateway section of config.json and the ports in board.json with what this box has; it is tried again by itself.",
    impact: "some",
  },
  "gateway-unknown": {
    severity: "warning",
    text: "It is not known which box has the gateway: the program that moves it says nothing here.",
    advice: "Look whether keepalived runs on this box, and what it says in the system log.",
    impact: "some",
  },
  "gateway-fault": {
    severity: "error",
    text: "This box cannot be the gateway now: the program that moves it has a fault.",
    advice: "Look at what keepalived says in the system log.",
    impact: "some",
  },
  "gateway-both": {
    severity: "error",
    text: "Both boxes have the gateway, although they hear each other.",
    advice:
      "The adverts of VRRP (IP protocol 112) do not get through between the boxes, not even over the pair cable: look for a filter.",
    impact: "some",
  },
  "gateway-nobody": {
    severity: "error",
    text: "No box has the gateway now.",
    advice: "It is taken by itself within a second, unless both boxes say what keeps them from it.",
    impact: "some",
  },
  "gateway-no-port": {
    severity: "error",
    text: "The gateway of config.json has a side towards the provider, and this box has no port for it.",
    advice: "Name it as wanPort in board.json.",
    impact: "some",
  },
  "gateway-doubt": {
    severity: "warning",
    text: "The program that moves the gateway says one thing over the system bus, and another one otherwise; it is asked again.",
    advice: "",
    impact: "none",
  },
  "health-wan": {
    severity: "error",
    text: "The way to the provider does not work at this box: {detail}.",
    advice: "Look at the cable to the provider and at the provider's router.",
    impact: "some",
  },
  "health-internet": {
    severity: "error",
    text: "The Internet is not reached from this box: {detail}.",
    advice:
      "Look whether the provider has a fault. The gateway goes to the partner if that has another way.",
    impact: "some",
  },
  "health-resolver": {
    severity: "warning",
    text: "The resolver of this box does not answer: {detail}.",
    advice: "Look at the resolver (dnsmasq or the like) on this box.",
    impact: "some",
  },
  "health-names": {
    severity: "error",
    text: "Devices find no names, at whichever box the gateway is: {detail}.",
    advice:
      "Look at what both resolvers ask: most likely the provider has a fault. The gateway stays where it is, because it would be no better off at the partner.",
    impact: "some",
  },
  "health-busy": {
    severity: "warning",
    text: "This box is too busy to do things in time: {detail}.",
    advice: "Look what else runs on it.",
    impact: "none",
  },
  maintenance: {
    severity: "warning",
    text: "This box is in maintenance since {since}: {state}.",
    advice: "When the work is done: tandem maintenance off.",
    impact: "some",
  },
  drill: {
    severity: "info",
    text: "A drill is under way: {what}. It ends by itself.",
    advice: "",
    impact: "none",
  },
} as const;
