// Says in one sentence what is wrong when the Node that runs the scripts is too old to read TypeScript sources.
const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  console.error(
    `outrigger needs Node 24 or newer and found ${process.version}. ` +
      'On Linux x64 and arm64 "npm ci" installs one by itself (unless optional dependencies are left out); ' +
      'elsewhere install Node 24 and try again.',
  );
  process.exit(1);
}
