/** The worlds in the foreground: `npm run world`. Ports and clients from the environment. */
import { DEFAULT_REDIRECTS } from "./microsoft/microsoft.ts";
import { startWorlds } from "./worlds.ts";

const port = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const { WORLD_CLIENT_ID, WORLD_CLIENT_SECRET, WORLD_REDIRECT_URIS } = process.env;

const worlds = await startWorlds({
  microsoft: {
    loginPort: port("WORLD_LOGIN_PORT", 4010),
    graphPort: port("WORLD_GRAPH_PORT", 4011),
    armPort: port("WORLD_ARM_PORT", 4012),
    contentPort: port("WORLD_CONTENT_PORT", 4013),
    vaultPort: port("WORLD_VAULT_PORT", 4014),
    redirectUris: WORLD_REDIRECT_URIS?.split(",") ?? DEFAULT_REDIRECTS,
    ...(WORLD_CLIENT_ID === undefined ? {} : { clientId: WORLD_CLIENT_ID }),
    ...(WORLD_CLIENT_SECRET === undefined ? {} : { clientSecret: WORLD_CLIENT_SECRET }),
  },
  github: { port: port("WORLD_GITHUB_PORT", 4020) },
  google: { port: port("WORLD_GOOGLE_PORT", 4030) },
});
const { microsoft, github, google } = worlds;

for (const [what, origin, { world }] of [
  ["Microsoft", microsoft.loginOrigin, microsoft],
  ["GitHub", github.origin, github],
  ["Google", google.origin, google],
] as const)
  console.log(
    `${what.padEnd(10)} ${origin}  (control: ${origin}/__world/stats)  ${world.rules.people.map((who) => who.email).join(", ")}`,
  );
console.log(`Graph      ${microsoft.graphOrigin}`);
console.log(`ARM        ${microsoft.armOrigin}`);
console.log(`Key vault  ${microsoft.vaultOrigin}`);
console.log(`Content    ${microsoft.contentOrigin}`);
console.log(`GitHub's apps: ${github.lasting.id}, and with tokens that expire ${github.expiring.id}`);
console.log(`Google's client: ${google.client.id}`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    worlds.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}
