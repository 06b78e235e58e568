export { VonageV1Provider } from './vonage-v1.provider.js';
export { VonageV2Provider } from './vonage-v2.provider.js';
