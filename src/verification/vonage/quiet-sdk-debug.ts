// The SDK's debug lines print the Authorization header and the number, and `DEBUG=*` would turn them on.
// Imported before the SDK, which reads the variable once while it loads.
if (process.env['DEBUG']) process.env['DEBUG'] += ',-vonage:*';
