import { DiscoveryService, ModulesContainer } from '@nestjs/core';
import type { TestApplication } from './application.js';

/** A route as it is served, whatever puts paths before that of its controller. */
export interface ServedRoute {
  /** `Controller.method` */
  name: string;
  method: string;
  path: string;
  /** Has the metadata of the controller's method. */
  handler: object;
  controller: object;
}

/** Every route of the application that a controller serves. */
export function servedRoutes({ app }: TestApplication): ServedRoute[] {
  const controllers = new Map(
    new DiscoveryService(app.get(ModulesContainer))
      .getControllers()
      .map(({ name, metatype }) => [name as string, metatype as object]),
  );
  const { router } = app.getHttpAdapter().getInstance();
  return router.stack.flatMap(({ route }) =>
    (route?.stack ?? []).flatMap(({ handle, method }): ServedRoute[] => {
      const controller = controllers.get(handle.name.split('.')[0]!);
      if (!controller) return [];
      return [
        { name: handle.name, method: method.toUpperCase(), path: route!.path, handler: handle, controller },
      ];
    }),
  );
}
