// The folders of one box, and the two boxes of a pair whose configuration is kept in real files.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A configuration with one network; `leaseSeconds` tells one from another. */
export function sharedConfig(leaseSeconds: number, more: object = {}) {
  return {
    version: 1,
    networks: [
      {
        name: "lan",
        subnet: "10.77.0.0/24",
        pools: [{ from: "10.77.0.100", to: "10.77.0.199" }],
        leaseSeconds,
        ...more,
      },
    ],
  };
}

export class BoxFolders {
  readonly root = mkdtempSync(path.join(tmpdir(), "tandem-config-"));
  readonly config = this.root;
  readonly state = path.join(this.root, "state");

  /** `host` is its own address in the network. */
  constructor(host: number) {
    this.writeBox(host);
  }

  writeBox(host: number): void {
    this.#write("box.json", {
      ...{ version: 1, name: "A", role: "serving" },
      networks: { lan: { interface: "lan0", address: `10.77.0.${host}/24` } },
    });
  }

  /** What a person does with config.json. */
  edit(content: object | string): void {
    this.#write("config.json", content);
  }

  shared(): unknown {
    return JSON.parse(readFileSync(path.join(this.root, "config.json"), "utf8"));
  }

  /** Contents of the files in the state folder whose name matches. */
  stored(name: RegExp): string[] {
    return readdirSync(this.state)
      .filter((file) => name.test(file))
      .sort()
      .map((file) => readFileSync(path.join(this.state, file), "utf8"));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  #write(name: string, content: object | string): void {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    writeFileSync(path.join(this.root, name), text);
  }
}
