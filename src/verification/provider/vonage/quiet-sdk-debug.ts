import debug from 'debug';

// The SDK's debug lines print the Authorization header and the number; `DEBUG=*` must not turn them on.
debug.enable(`${debug.disable()},-vonage:*`);
