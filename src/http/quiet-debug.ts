import debug from 'debug';

// Express' debug lines print whole addresses, and people type numbers into them; `DEBUG=*` must not turn them on.
debug.enable(`${debug.disable()},-express:*,-router,-router:*,-body-parser:*,-send,-finalhandler`);
