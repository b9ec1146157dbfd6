/** Filled in by the build (image/build.ts) from package.json; "dev" when run from source. */
declare const TANDEM_VERSION: string | undefined;

export const VERSION: string = typeof TANDEM_VERSION === "string" ? TANDEM_VERSION : "dev";
