import { type CustomDecorator, Inject, Injectable, SetMetadata } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { HttpAdapterHost } from '@nestjs/core';
import type { Express } from 'express';
import { HTTP_OPTIONS, type ResolvedHttpOptions } from './http.options.js';
import { withoutEnd } from './path-segments.js';

const LANDMARK = 'http:landmark';

/** On one handler of a module: finds where the module's routes are. */
export const Landmark = (module: string): CustomDecorator => SetMetadata(LANDMARK, module);

/**
 * Where our routes are, as browsers see them. Nest puts the application's prefix, its version and the path of a
 * `RouterModule` before a controller's own path, and a proxy may remove another path before that.
 */
@Injectable()
export class MountedPaths {
  private readonly found = new Map<string, string>();
  private readonly removedByProxy: string;

  constructor(
    private readonly host: HttpAdapterHost,
    @Inject(HTTP_OPTIONS) { publicUrl }: ResolvedHttpOptions,
  ) {
    this.removedByProxy = publicUrl ? new URL(publicUrl).pathname.replace(/\/+$/, '') : '';
  }

  /** The path of the controller with the landmark of a module, which has the name of the module's usual path. */
  of(module: string): string {
    const path = this.found.get(module) ?? this.find(module);
    // Not remembered before the routes are there: a host may ask while it is being built.
    if (path !== null) this.found.set(module, path);
    return this.outside(path ?? `/${module}`);
  }

  /** A path of this application, such as `request.originalUrl`, as browsers see it. */
  outside(path: string): string {
    return this.removedByProxy + path;
  }

  /** Nest gives the function that it registers the metadata of the handler. */
  private find(module: string): string | null {
    // A command has no server.
    const router = this.host.httpAdapter?.getInstance<Express>().router;
    if (!router) return null;
    for (const { route } of router.stack)
      for (const { handle } of route?.stack ?? [])
        if (Reflect.getMetadata(LANDMARK, handle) === module)
          return withoutEnd(route!.path, Reflect.getMetadata(PATH_METADATA, handle) as string);
    return null;
  }
}
