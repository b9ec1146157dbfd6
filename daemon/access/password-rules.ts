// What a user name and a password must be. What makes a password hard to guess is its length: nobody is told to mix
// digits and signs into it (NIST SP 800-63B §3.1.1.2).

import { LIMITS } from "../limits.ts";

const NAME = /^[a-z][a-z0-9._-]{0,31}$/;

/** Those that are tried first and are long enough. */
const KNOWN_TO_ALL: ReadonlySet<string> = new Set([
  ...["1234567890", "0123456789", "0987654321", "12345678910", "123456789a", "1q2w3e4r5t"],
  ...["1qaz2wsx3edc", "abcdefghij", "adminadmin", "admin12345", "administrator", "changeme123"],
  ...["iloveyou123", "letmein123", "passw0rd123", "password01", "password12", "password123"],
  ...["password1234", "passwordpassword", "qwerty1234", "qwerty12345", "qwertyuiop", "qwertzuiop"],
  ...["rootrootroot", "routerrouter", "tandemtandem", "welcome123", "zaq12wsxcde3"],
]);

/** What is wrong with a user name, as a part of a sentence; undefined: nothing. */
export function nameFault(name: string): string | undefined {
  if (NAME.test(name)) return undefined;
  return "a user name has 1 to 32 small letters, digits, dots, hyphens and underscores, and begins with a letter";
}

/** The same of a password for this user. */
export function passwordFault(password: string, name: string): string | undefined {
  const { passwordCharactersMin: least, passwordCharactersMax: most } = LIMITS;
  const characters = [...password];
  if (characters.length < least) return `a password has at least ${least} characters`;
  if (characters.length > most) return `a password has at most ${most} characters`;
  const folded = password.toLowerCase();
  if (folded === name.toLowerCase()) return "the password must not be the user's name";
  if (KNOWN_TO_ALL.has(folded) || new Set(folded).size === 1) {
    return "this password is one of those that are tried first";
  }
  return undefined;
}
