/** The world in the foreground: `npm run world`. Ports and client from the environment, as `scripts/start.ts` sets them. */
import { DEFAULT_REDIRECTS, startMicrosoft } from "./microsoft/microsoft.ts";
import { PEOPLE } from "./microsoft/people.ts";

const port = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const { WORLD_CLIENT_ID, WORLD_CLIENT_SECRET, WORLD_REDIRECT_URIS } = process.env;

const microsoft = await startMicrosoft({
  loginPort: port("WORLD_LOGIN_PORT", 4010),
  graphPort: port("WORLD_GRAPH_PORT", 4011),
  armPort: port("WORLD_ARM_PORT", 4012),
  redirectUris: WORLD_REDIRECT_URIS?.split(",") ?? DEFAULT_REDIRECTS,
  ...(WORLD_CLIENT_ID === undefined ? {} : { clientId: WORLD_CLIENT_ID }),
  ...(WORLD_CLIENT_SECRET === undefined ? {} : { clientSecret: WORLD_CLIENT_SECRET }),
});

console.log(`login  ${microsoft.loginOrigin}   (control: ${microsoft.loginOrigin}/__world/stats)`);
console.log(`graph  ${microsoft.graphOrigin}`);
console.log(`arm    ${microsoft.armOrigin}`);
console.log(`people ${PEOPLE.map((who) => who.email).join(", ")}`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    microsoft.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}
