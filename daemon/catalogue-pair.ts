// The part of the catalogue that is about two boxes.

export const PAIR_LOG = {
  "pair-connected": { level: "info", text: "The partner is connected.", advice: "" },
  "pair-lost": {
    level: "warning",
    text: "The connection with the partner was lost: {reason}.",
    advice: "Check the partner and the cable between the boxes when it does not come back.",
  },
  "pair-refused": {
    level: "warning",
    text: "The boxes do not speak with each other: {reason}.",
    advice: "Compare configuration and clock of both boxes.",
  },
  "pair-state": {
    level: "info",
    text: 'In the pair this box was "{before}" and is "{after}" now.',
    advice: "",
  },
  "pair-rolled-back": {
    level: "warning",
    text: "The disk of this box is older than what its partner remembers of it: its leases are learnt anew.",
    advice: "Look at the storage of this box, unless a backup was put back.",
  },
  "pair-conflict": {
    level: "warning",
    text: "Both boxes gave {address} to different devices; one of them loses it.",
    advice: "The device that loses it asks for another address by itself.",
  },
  "config-agreed": {
    level: "info",
    text: "Configuration {generation} is in force on both boxes.",
    advice: "",
  },
  "config-trial-begun": {
    level: "info",
    text: "Configuration {generation} is in force on trial: it is undone in {seconds} s, unless somebody confirms it.",
    advice: "",
  },
  "config-trial-confirmed": {
    level: "info",
    text: "The change on trial was confirmed: configuration {generation} stays in force.",
    advice: "",
  },
  "config-trial-undone": {
    level: "warning",
    text: "The change on trial was undone: what was in force before configuration {generation} is in force again.",
    advice: "",
  },
  "config-choice-overtaken": {
    level: "warning",
    text: "What was chosen of the two configurations was not done: a change at the partner came first.",
    advice: "Look at both configurations again: tandem config.",
  },
  "config-choice-refused": {
    level: "error",
    text: "The partner's configuration cannot be taken: for {box}, {file}: {path} {reason}.",
    advice: "Correct that, then choose again: tandem config.",
  },
  "config-partner-wrong": {
    level: "warning",
    text: "The boxes do not speak of their configuration: the partner does not keep to the rules, {reason}.",
    advice: "Bring both boxes to the same version of Tandem when this comes again.",
  },
  "records-damaged": {
    level: "error",
    text: "The file with users, tokens and names of devices is damaged ({reason}) and was kept as {file}. What the partner has of it is taken from there.",
    advice:
      "Look at the storage of this box; a box without users is set up anew by its command line or page.",
  },
  "records-clash": {
    level: "warning",
    text: "{what} was changed on both boxes while they did not see each other; what counts is what {who} was told.",
    advice: "Make the change again if it was the other one that was meant.",
  },
  "records-surplus": {
    level: "error",
    text: "The partner has more users, tokens or names of devices than have room here: {count} were not taken.",
    advice: "Delete those that are of no use.",
  },
  "records-unknown": {
    level: "warning",
    text: "The partner keeps {count} records of kinds that this box does not know; they stay on the partner.",
    advice: "Bring both boxes to the same version of Tandem.",
  },
  "records-partner-wrong": {
    level: "warning",
    text: "The boxes do not speak of users, tokens and names of devices: the partner does not keep to the rules, {reason}.",
    advice: "Bring both boxes to the same version of Tandem when this comes again.",
  },
  "pairing-digits": {
    level: "info",
    text: "A box was found on a pair port ({box}): people may compare its six digits with those of this box.",
    advice: "",
  },
  "pairing-refused": { level: "warning", text: "No pair came of it: {reason}", advice: "" },
  "pairing-done": { level: "info", text: "This box is in a pair with {box} now.", advice: "" },
  unpaired: { level: "warning", text: "The pair was ended: {text}.", advice: "" },
  "pair-command": { level: "info", text: 'Asked for "{command}": {result}.', advice: "" },
} as const;

export const PAIR_CONDITIONS = {
  "records-unsaved": {
    severity: "error",
    text: "Users, tokens and names of devices cannot be kept on the disk of this box: {why}.",
    advice:
      "What was changed is lost when the box is switched off, unless the partner has it; look at the storage. It is tried again by itself.",
    impact: "none",
  },
  "pair-starting": {
    severity: "info",
    text: "This box has just started and looks for its partner before it answers anybody; it waits a few seconds at most.",
    advice: "",
    impact: "none",
  },
  "partner-away": {
    severity: "warning",
    text: "The partner is away since {since}: this box works alone, and new leases are short until it is back.",
    advice:
      "Check the partner and the cable between the boxes. When the partner is off for longer, tell this box so by its command line: tandem partner-down.",
    impact: "some",
  },
  "partner-down": {
    severity: "warning",
    text: "The partner counts as down since {since}: this box works alone, and gives out the partner's addresses as well.",
    advice: "Repair or replace the partner; it learns the leases from this box by itself.",
    impact: "some",
  },
  "partner-refuses": {
    severity: "error",
    text: "The boxes do not speak with each other: {reason}.",
    advice:
      "Compare both boxes: name and protocol of the pair, one primary and one secondary, the clocks.",
    impact: "some",
  },
  "pair-recovering": {
    severity: "warning",
    text: "This box learns the leases from its partner before it answers anybody.",
    advice:
      "It takes seconds while the partner answers. When the partner is gone for good, the command tandem partner-down lets this box serve with what it knows.",
    impact: "some",
  },
  "pair-waiting": {
    severity: "warning",
    text: "This box knows all leases again, and answers nobody until {until}: then the last lease that nobody remembers has ended.",
    advice: "Nothing needs doing: the partner serves meanwhile.",
    impact: "some",
  },
  "pair-conflict-open": {
    severity: "warning",
    text: "Both boxes gave out addresses while they could not see each other; they compare their books.",
    advice:
      "Nothing needs doing while both run. Where both gave the same address, one device gets another.",
    impact: "some",
  },
  "pair-not-listening": {
    severity: "warning",
    text: "The partner cannot connect to this box: {text}.",
    advice:
      "Check `pair` in box.json and the port that the partner is at; it is tried again by itself, and this box dials its partner meanwhile.",
    impact: "none",
  },
  "pair-wrong-key": {
    severity: "error",
    text: "What is at the partner's address is not believed to be the partner: {text}.",
    advice:
      "If the partner was replaced, or its disk was emptied, put what its command tandem identity says into pair.partnerIdentity of box.json here. If not, somebody else is on the wire between the boxes.",
    impact: "none",
  },
  "board-unreadable": {
    severity: "warning",
    text: "What this box is made of is not known, so no partner is looked for on a cable: {text}.",
    advice: "Put right the file that is named, or install the image of this box again.",
    impact: "none",
  },
  "pair-other-version": {
    severity: "error",
    text: "The box at the other end of the cable in {subject} speaks another version of Tandem than this one.",
    advice: "Bring both boxes to the same version of the software; then they find each other.",
    impact: "none",
  },
  "pair-not-heard": {
    severity: "warning",
    text: "No partner can be heard: {text}.",
    advice: "Another program may have the port; it is tried again by itself.",
    impact: "none",
  },
  "pair-cable": {
    severity: "warning",
    text: "The pair cable {fault}: the boxes speak over the LAN {lan}, and nothing else changes.",
    advice:
      "Plug the pair cable in at both boxes, or replace it. The boxes go back to it by themselves.",
    impact: "some",
  },
  "partner-deaf": {
    severity: "error",
    text: "The partner is heard, but does not hear this box: the wires carry one direction only.",
    advice:
      "Replace the pair cable; then look at the switch and its ports, and at filters between the boxes.",
    impact: "some",
  },
  "partner-slow": {
    severity: "info",
    text: "The partner has not been heard for a moment: this box answers everybody.",
    advice: "",
    impact: "none",
  },
  "box-cut-off": {
    severity: "error",
    text: "This box hears nothing of its partner, and has no LAN on which it could: it may be the one that is cut off.",
    advice: "Plug in the pair cable and the LANs of this box.",
    impact: "some",
  },
  "partner-lan-down": {
    severity: "warning",
    text: "The partner does not serve the LAN {subject}: this box answers it alone.",
    advice: "Check the cable or the switch port of that LAN at the partner.",
    impact: "some",
  },
  "pair-lan-silent": {
    severity: "warning",
    text: "The boxes are in contact, but not on the LAN {subject}, which {fault}: it may be in two halves.",
    advice: "Check the switches between the boxes: both must be in the same LAN.",
    impact: "some",
  },
  "pair-clock": {
    severity: "warning",
    text: "The clock of the partner differs by {seconds} s.",
    advice:
      "Let both boxes reach a time server. Leases are corrected by the difference; with more than a minute the boxes do not speak with each other.",
    impact: "none",
  },
  "config-differs": {
    severity: "error",
    text: "Both boxes have been configured differently, in {differences}: each goes on with its own.",
    advice:
      "Look at the differences with the command tandem config, on either box. Then choose there: tandem config keep puts this box's into force on both, tandem config take the partner's.",
    impact: "some",
  },
  "config-refused": {
    severity: "error",
    text: "The change in config.json is not in force, because the partner cannot take it: {first}.",
    advice:
      "Correct config.json here, or box.json of the partner; it is tried again by itself. While the partner is away, the command tandem config keep puts it into force here.",
    impact: "none",
  },
  "config-not-taken": {
    severity: "error",
    text: "The partner goes on with an older configuration, because it cannot take this box's: {first}.",
    advice: "Correct config.json here, or box.json of the partner; it is tried again by itself.",
    impact: "some",
  },
  "config-not-taken-here": {
    severity: "error",
    text: "This box goes on with an older configuration, because it cannot take the partner's: {first}.",
    advice: "Correct box.json here, or config.json of the partner; it is tried again by itself.",
    impact: "some",
  },
  "config-refused-here": {
    severity: "warning",
    text: "A change that was made at the partner is not in force, because this box cannot take it: {first}.",
    advice: "Correct box.json here, or config.json of the partner; it is tried again by itself.",
    impact: "none",
  },
  "config-unanswered": {
    severity: "warning",
    text: "{what} waits for the partner, which does not answer.",
    advice: "It is tried again by itself; look at the partner when this stays.",
    impact: "none",
  },
  "config-not-saved": {
    severity: "warning",
    text: "Not everything of the configuration in force is on the disk of this box: {text}.",
    advice:
      "Let the daemon write there; it is tried again by itself. Until then config.json may not show what is in force.",
    impact: "none",
  },
  "config-on-trial": {
    severity: "warning",
    text: "A change of the configuration is on trial: it is undone by itself, unless somebody confirms it in time.",
    advice: "Confirm it, on either box, when everything works with it; or undo it now.",
    impact: "none",
  },
  "config-kept-aside": {
    severity: "info",
    text: "What config.json held was not put into force, because another change came first; it is kept in {file}.",
    advice: "Put what is still wanted of it into config.json, then delete that file.",
    impact: "none",
  },
  "pair-conflicts": {
    severity: "warning",
    text: "Addresses that both boxes gave to different devices since the start: {count}.",
    advice:
      "It happens when a box that counts as down is not: see that both are reached before one is declared down.",
    impact: "none",
  },
} as const;
