export function watchSources(
  folders: readonly string[],
  changed: (paths: string[]) => Promise<void>,
  root?: string,
): Promise<() => Promise<void>>;
