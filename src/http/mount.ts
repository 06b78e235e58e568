import { Controller, type Type } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { segments } from './path-segments.js';

/** Where a module's routes are, and what a host puts on them. */
export interface MountOptions {
  /**
   * The path of the module's routes, without a slash at either end. A prefix, a version or a `RouterModule` of the
   * application comes before it.
   * @default the module's own: see its documentation
   */
  path?: string | undefined;
  /**
   * Decorators for the module's controllers, such as the marker by which your own global guard lets everybody in.
   * @default []
   */
  decorators?: readonly ClassDecorator[] | undefined;
}

/**
 * Controllers as a host wants them. Each is a class of its own, so that several applications in one process can differ.
 * @param from the path that the controllers' own paths begin with
 */
export function mounted(
  controllers: readonly Type[],
  from: string,
  { path = from, decorators = [] }: MountOptions,
): Type[] {
  if (path === from && decorators.length === 0) return [...controllers];
  return controllers.map((controller) => {
    const own = Reflect.getMetadata(PATH_METADATA, controller) as string;
    const rest = segments(own).slice(segments(from).length);
    const subclass = { [controller.name]: class extends controller {} }[controller.name]!;
    Controller([path, ...rest].join('/'))(subclass);
    for (const decorate of decorators) decorate(subclass);
    return subclass;
  });
}
