import { existsSync } from 'node:fs';
import { healthPaths, read } from './deployment.js';

describe('Dockerfile', () => {
  const dockerfile = read('Dockerfile');

  it('takes an exact version of Node, which the package supports, and runs as somebody without rights', () => {
    expect(dockerfile).toMatch(/^ARG NODE_IMAGE=node:22\.\d+\.\d+-bookworm-slim$/m);
    expect([...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image)).toEqual([
      '${NODE_IMAGE}',
      '${NODE_IMAGE}',
    ]);
    expect(dockerfile).toMatch(/^USER node$/m);
  });

  it('copies what there is, and checks the health where it is served', () => {
    const built = ['node_modules', 'dist'];
    const copied = [...dockerfile.matchAll(/^COPY --from=build \/app\/(\S+)/gm)].map(([, path]) => path!);
    expect(copied).toEqual(expect.arrayContaining(built));
    for (const path of copied.filter((each) => !built.includes(each))) expect(existsSync(path)).toBe(true);
    expect(dockerfile).toContain(healthPaths[0]);
  });
});
