export interface DifferencesProps {
  /** Over the first and the second of each. */
  readonly names: readonly [string, string];
  readonly rows: readonly { readonly path: string; readonly values: readonly [string, string] }[];
}

/** Settings that are not the same, each with both of what it is. */
export function Differences({ names, rows }: DifferencesProps) {
  return (
    <ul class="config-differences">
      {rows.map(({ path, values }) => (
        <li key={path}>
          <code>{path}</code>
          <dl>
            <dt>{names[0]}</dt>
            <dd class="mono">{values[0]}</dd>
            <dt>{names[1]}</dt>
            <dd class="mono">{values[1]}</dd>
          </dl>
        </li>
      ))}
    </ul>
  );
}
