import * as mappedTypes from '@nestjs/mapped-types';
import type * as Swagger from '@nestjs/swagger';
import { optionalPackage } from '../options/optional-package.js';

/*
 * What the library uses of @nestjs/swagger, an optional peer. Without it the decorators do nothing, and the mapped types are
 * those that swagger's own are made of. All of it is internal, so that no declaration of ours needs swagger's.
 */
const swagger = optionalPackage<typeof Swagger>('@nestjs/swagger');
const nothing = () => () => undefined;

/** @internal */
export const ApiBearerAuth: typeof Swagger.ApiBearerAuth = swagger?.ApiBearerAuth ?? nothing;
/** @internal */
export const ApiConsumes: typeof Swagger.ApiConsumes = swagger?.ApiConsumes ?? nothing;
/** @internal */
export const ApiExcludeController: typeof Swagger.ApiExcludeController =
  swagger?.ApiExcludeController ?? nothing;
/** @internal */
export const ApiExcludeEndpoint: typeof Swagger.ApiExcludeEndpoint = swagger?.ApiExcludeEndpoint ?? nothing;
/** @internal */
export const ApiExtraModels: typeof Swagger.ApiExtraModels = swagger?.ApiExtraModels ?? nothing;
/** @internal */
export const ApiHeader: typeof Swagger.ApiHeader = swagger?.ApiHeader ?? nothing;
/** @internal */
export const ApiNoContentResponse: typeof Swagger.ApiNoContentResponse =
  swagger?.ApiNoContentResponse ?? nothing;
/** @internal */
export const ApiOkResponse: typeof Swagger.ApiOkResponse = swagger?.ApiOkResponse ?? nothing;
/** @internal */
export const ApiOperation: typeof Swagger.ApiOperation = swagger?.ApiOperation ?? nothing;
/** @internal */
export const ApiParam: typeof Swagger.ApiParam = swagger?.ApiParam ?? nothing;
/** @internal */
export const ApiProduces: typeof Swagger.ApiProduces = swagger?.ApiProduces ?? nothing;
/** @internal */
export const ApiProperty: typeof Swagger.ApiProperty = swagger?.ApiProperty ?? nothing;
/** @internal */
export const ApiPropertyOptional: typeof Swagger.ApiPropertyOptional =
  swagger?.ApiPropertyOptional ?? nothing;
/** @internal */
export const ApiResponse: typeof Swagger.ApiResponse = swagger?.ApiResponse ?? nothing;
/** @internal */
export const ApiTags: typeof Swagger.ApiTags = swagger?.ApiTags ?? nothing;
/** @internal */
export const getSchemaPath: typeof Swagger.getSchemaPath = swagger?.getSchemaPath ?? (() => '');
/** @internal */
export const IntersectionType: typeof Swagger.IntersectionType =
  swagger?.IntersectionType ?? mappedTypes.IntersectionType;
/** @internal */
export const OmitType: typeof Swagger.OmitType = swagger?.OmitType ?? mappedTypes.OmitType;
/** @internal */
export const PickType: typeof Swagger.PickType = swagger?.PickType ?? mappedTypes.PickType;
