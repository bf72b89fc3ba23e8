// What systemd is told of the service, and what others ask it for while it runs. Outside of systemd it tells nobody.
//
// Threads: any.

#pragma once

namespace swarmout {

/// The service has gone once round: the first time it is ready, and then it is alive, said no more often than asked
/// for (WatchdogSec=).
void service_turned();
/// Its settings are being read again, until the next turn.
void service_reloads();
void service_stops();

/// The share is to be looked at now, whenever that would be due.
void ask_for_look();
/// Whether that was asked for since the last call.
[[nodiscard]] bool look_was_asked_for();

}  // namespace swarmout
