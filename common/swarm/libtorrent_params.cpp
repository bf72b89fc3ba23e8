#include "common/swarm/libtorrent_params.hpp"

#include <fmt/format.h>
#include <libtorrent/alert.hpp>
#include <libtorrent/file_storage.hpp>
#include <libtorrent/fingerprint.hpp>
#include <libtorrent/ip_filter.hpp>
#include <libtorrent/load_torrent.hpp>
#include <libtorrent/peer_class.hpp>
#include <libtorrent/session.hpp>
#include <libtorrent/settings_pack.hpp>
#include <libtorrent/torrent_flags.hpp>
#include <libtorrent/torrent_info.hpp>
#include <sys/resource.h>

#include <algorithm>
#include <limits>
#include <thread>

namespace swarmout {

namespace {

/// Blocks of 16 KiB that all hosts together may have outstanding with a seeder: 4 MiB, 1.7 s of 20 Mbit/s and 30 ms of
/// 1 Gbit/s. Less, and its line idles while the refused ask anew.
constexpr std::size_t kSeederQueue = 240;
/// The same for a clone that fetches, and passes on what it has.
constexpr std::size_t kCloneQueue = 48;
/// What a host asks of one other at most.
constexpr std::size_t kMostRequests = 32;

/// With less outstanding a host waits between a piece's last block and the next piece's first.
std::size_t two_pieces(const SwarmShape& shape) {
  return static_cast<std::size_t>(std::max<Bytes>(2 * shape.piece / kLeafSize, 4));
}

/// An answer of the tracker, headers included: kPeersFromTracker peers have about 300 bytes, and who answers in its
/// place cannot name many. With less than its first buffer, which is this, libtorrent 2.0.8 writes beyond it.
constexpr int kMostOfTracker = 4096;
/// Addresses that a release has in mind.
constexpr int kMostPeers = 1000;

/// libtorrent takes its limit of connections from RLIMIT_NOFILE when a session is made.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

int disk_threads() {
  return static_cast<int>(std::clamp(std::thread::hardware_concurrency() / 2, 1U, 4U));
}

}  // namespace

int requests_made(const SwarmShape& shape) {
  return static_cast<int>(std::max(kMostRequests, two_pieces(shape)));
}

int requests_taken(SwarmRole role, const SwarmShape& shape) {
  const std::size_t hosts = std::max<std::size_t>(shape.hosts, 1);
  if (role == SwarmRole::seeder) {
    return static_cast<int>(std::max(std::min(kSeederQueue / hosts, kMostRequests), two_pieces(shape)));
  }
  // One that fetches nothing has all of its line for those that came late.
  return static_cast<int>(shape.fetching ? std::clamp<std::size_t>(kCloneQueue / hosts, 2, kMostRequests)
                                         : kMostRequests);
}

int connections_for(const SwarmSettings& settings) {
  if (settings.max_connections > 0) {
    return settings.max_connections;
  }
  // More than hosts make by themselves: who has as many as it may gives up one for each that comes, and what the seeder
  // gave to that host leaves it a second time (50 hosts with 50 connections: 11 to 20 % of it).
  return settings.role == SwarmRole::seeder ? 100 : 80;
}

lt::session_params session_params_for(const SwarmSettings& settings) {
  raise_descriptor_limit();
  using sp = lt::settings_pack;  // NOLINT(readability-identifier-naming): a hundred lines begin with it
  const bool seeder = settings.role == SwarmRole::seeder;
  sp pack;

  // One interface, one port, and an error instead of a silent other port.
  const bool v6 = settings.listen_address.find(':') != std::string::npos;
  pack.set_str(sp::listen_interfaces,
               fmt::format("{}:{}{}", v6 ? fmt::format("[{}]", settings.listen_address) : settings.listen_address,
                           settings.listen_port, settings.certificate ? "s" : ""));  // s: only for TLS
  pack.set_bool(sp::listen_system_port_fallback, false);
  pack.set_int(sp::max_retry_port_bind, 0);
  pack.set_int(sp::listen_queue_size, seeder ? 4096 : 1024);   // default 5: clones arrive in a burst
  pack.set_bool(sp::allow_multiple_connections_per_ip, true);  // several clones on one machine

  // Others are found by the leader's tracker and the registry on the share; nobody else may name addresses. No UDP.
  pack.set_bool(sp::enable_dht, false);
  pack.set_bool(sp::enable_lsd, false);
  pack.set_bool(sp::enable_upnp, false);
  pack.set_bool(sp::enable_natpmp, false);
  pack.set_bool(sp::enable_ip_notifier, false);
  pack.set_bool(sp::enable_incoming_utp, false);
  pack.set_bool(sp::enable_outgoing_utp, false);
  pack.set_int(sp::mixed_mode_algorithm, sp::prefer_tcp);
  pack.set_int(sp::out_enc_policy, sp::pe_disabled);  // RC4 is no protection; it only costs a DH handshake
  pack.set_int(sp::in_enc_policy, sp::pe_disabled);

  pack.set_int(sp::min_announce_interval, 15);  // the tracker is ours, and says how often
  pack.set_int(sp::num_want, kPeersFromTracker);
  pack.set_int(sp::tracker_receive_timeout, 5);  // it is near, or dead
  pack.set_int(sp::tracker_completion_timeout, 10);
  pack.set_int(sp::max_http_recv_buffer_size, kMostOfTracker);
  pack.set_bool(sp::apply_ip_filter_to_trackers, true);
  pack.set_bool(sp::ssrf_mitigation, true);
  pack.set_int(sp::max_peerlist_size, kMostPeers);

  // Connect at once, and again soon: the defaults are made for strangers on the Internet.
  pack.set_int(sp::connections_limit, settings.max_connections > 0 ? settings.max_connections : seeder ? 2000 : 400);
  pack.set_int(sp::connection_speed, 1000);
  pack.set_bool(sp::smooth_connects, false);
  pack.set_int(sp::torrent_connect_boost, 255);
  pack.set_int(sp::min_reconnect_time, 1);
  pack.set_int(sp::max_failcount, 2);  // within 2 s; after that as dial_book has it
  pack.set_int(sp::peer_connect_timeout, 3);
  pack.set_int(sp::handshake_timeout, 5);
  pack.set_int(sp::tick_interval, 100);
  pack.set_int(sp::peer_turnover, 0);

  // Everyone is served; the few slots of the default would leave links idle.
  pack.set_int(sp::unchoke_slots_limit, -1);
  pack.set_int(sp::choking_algorithm, sp::fixed_slots_choker);
  pack.set_int(sp::unchoke_interval, 1);
  pack.set_int(sp::optimistic_unchoke_interval, 2);
  pack.set_int(sp::allowed_fast_set_size, 0);
  pack.set_int(sp::suggest_mode, sp::no_piece_suggestions);

  // Requests: rarest first from the start, no 5-second idling at the end.
  pack.set_int(sp::initial_picker_threshold, 0);
  pack.set_int(sp::whole_pieces_threshold, 0);  // also avoids an integer overflow above 107 MB/s in 2.0.8
  // Begun pieces do not come before rare ones: hosts would ask the seeder for pieces that it has given to others.
  pack.set_bool(sp::prioritize_partial_pieces, false);
  pack.set_int(sp::request_queue_time, 10);
  // How long queues are is decided with each torrent: requests_taken() and requests_made().
  // No block is asked of two hosts before all are asked for; plugins/swarm_nudge keeps them from idling instead.
  pack.set_bool(sp::strict_end_game_mode, true);
  pack.set_int(sp::piece_timeout, 3);
  pack.set_int(sp::request_timeout, 5);
  pack.set_int(sp::peer_timeout, 20);
  pack.set_int(sp::inactivity_timeout, 20);

  // Send buffers that fill a fast link in the first second already.
  pack.set_int(sp::send_buffer_low_watermark, seeder ? 1 << 20 : 512 << 10);
  pack.set_int(sp::send_buffer_watermark, seeder ? 4 << 20 : 2 << 20);
  pack.set_int(sp::send_buffer_watermark_factor, 150);
  pack.set_int(sp::send_not_sent_low_watermark, seeder ? 1 << 20 : 512 << 10);

  // pread and pwrite only: a file cut short under a mapping kills the process (SIGBUS) in 2.0.8.
  pack.set_int(sp::mmap_file_size_cutoff, settings.mapped_files ? 0 : std::numeric_limits<int>::max());
  pack.set_int(sp::disk_write_mode, settings.mapped_files ? sp::always_mmap_write : sp::always_pwrite);
  pack.set_int(sp::max_queued_disk_bytes, 64 << 20);
  pack.set_int(sp::aio_threads, disk_threads());  // every job wakes all of them
  pack.set_int(sp::hashing_threads, disk_threads() / 2 + 1);
  pack.set_int(sp::file_pool_size, 2000);  // above the number of packs: 2.0.8 evicts the wrong end

  pack.set_bool(sp::send_redundant_have, false);
  pack.set_bool(sp::close_redundant_connections, true);
  pack.set_int(sp::upload_rate_limit, static_cast<int>(settings.limits.upload));
  pack.set_int(sp::download_rate_limit, static_cast<int>(settings.limits.download));
  pack.set_int(sp::peer_dscp, settings.dscp << 2);  // 2.0.8 takes it for the whole byte of the IP header
  pack.set_int(sp::active_downloads, -1);
  pack.set_int(sp::active_seeds, -1);
  pack.set_int(sp::active_limit, 10000);
  pack.set_int(sp::stop_tracker_timeout, 2);
  pack.set_int(sp::alert_queue_size, 20000);
  pack.set_int(sp::alert_mask, lt::alert_category::error | lt::alert_category::status | lt::alert_category::storage |
                                   lt::alert_category::file_progress | lt::alert_category::peer);  // peer: bans
  pack.set_str(sp::user_agent, "swarmout");
  pack.set_str(sp::peer_fingerprint, lt::generate_fingerprint("SW", SWARMOUT_VERSION_NUMBERS));

  return lt::session_params(pack, {});  // none of the default plugins; plugins are added by torrent
}

namespace {

using Pieces = lt::typed_bitfield<lt::piece_index_t>;

/// Always of full length: a shorter bitmap would mean "interrupted while checking".
Pieces pieces_of(const lt::torrent_info& info, const std::set<std::string>& complete) {
  Pieces pieces(info.num_pieces(), false);
  const lt::file_storage& storage = info.files();
  for (const lt::file_index_t file : storage.file_range()) {
    if (storage.pad_file_at(file) || !complete.contains(std::string(storage.file_name(file)))) {
      continue;
    }
    const lt::piece_index_t last = storage.map_file(file, storage.file_size(file) - 1, 1).piece;
    for (lt::piece_index_t piece = storage.map_file(file, 0, 1).piece; piece <= last; ++piece) {
      pieces.set_bit(piece);
    }
  }
  return pieces;
}

using Priorities = std::vector<lt::download_priority_t>;

/// The pieces that these bytes are in, and no others.
Priorities priorities_of(const lt::torrent_info& info, const FileRanges& only) {
  Priorities priorities(static_cast<std::size_t>(info.num_pieces()), lt::dont_download);
  const lt::file_storage& storage = info.files();
  for (const lt::file_index_t file : storage.file_range()) {
    const auto wanted = only.find(std::string(storage.file_name(file)));
    if (storage.pad_file_at(file) || wanted == only.end()) {
      continue;
    }
    for (const auto& [begin, end] : wanted->second) {
      const auto size = static_cast<Bytes>(storage.file_size(file));
      if (begin >= std::min(end, size)) {
        continue;
      }
      const auto piece_at = [&](Bytes at) {
        return static_cast<int>(storage.map_file(file, static_cast<std::int64_t>(at), 1).piece);
      };
      for (int piece = piece_at(begin); piece <= piece_at(std::min(end, size) - 1); ++piece) {
        priorities[static_cast<std::size_t>(piece)] = lt::default_priority;
      }
    }
  }
  return priorities;
}

}  // namespace

Result<void> check_certificate(const SwarmSettings& settings, const TorrentContents& contents) {
  const std::string& wanted = contents.certificate;
  if (wanted.empty() && settings.certificate) {
    return fail(ErrorCode::refused, "this release was made to be exchanged in the clear, not over TLS",
                "publish one with seed --swarm-tls, or start this host without --swarm-tls");
  }
  if (!wanted.empty() && !settings.certificate) {
    return fail(ErrorCode::refused, "this release is exchanged over TLS only", "start this host with --swarm-tls");
  }
  if (!wanted.empty() && wanted != settings.certificate->certificate) {
    return fail(ErrorCode::refused, "this release was made for another swarm certificate than this host has",
                "put the fleet's swarm.crt and swarm.key into the image, or publish a new release");
  }
  return {};
}

std::string announce_url(const Endpoint& tracker) {
  return fmt::format("http://{}/announce", to_string(tracker));
}

int rate_of(Bytes limit) {
  return limit > 0 ? static_cast<int>(std::min(limit, kMaxRate)) : -1;
}

lt::add_torrent_params torrent_params_for(const SwarmSettings& settings, const SwarmContent& content, bool checking) {
  lt::add_torrent_params params = lt::load_torrent_buffer(content.torrent);
  params.save_path = content.directory.native();
  // None of auto_managed: its queue logic waits 30 s. Not paused if files are to be checked: that would wait for ever.
  params.flags = checking ? lt::torrent_flags_t{} : lt::torrent_flags::paused | lt::torrent_flags::no_verify_files;
  params.flags |= lt::torrent_flags::apply_ip_filter;
  if (!checking) {
    params.have_pieces = pieces_of(*params.ti, content.complete);
  }
  if (content.only) {
    params.piece_priorities = priorities_of(*params.ti, *content.only);
  }
  params.max_connections = connections_for(settings);
  params.upload_limit = rate_of(content.limits.upload);
  params.download_limit = rate_of(content.limits.download);
  for (const Endpoint& tracker : content.trackers) {
    params.trackers.push_back(announce_url(tracker));
  }
  return params;
}

lt::ip_filter one_class_for_all() {
  const std::uint32_t global = 1U << static_cast<std::uint32_t>(lt::session::global_peer_class_id);
  lt::ip_filter filter;
  filter.add_rule(lt::address_v4::any(), lt::address_v4::broadcast(), global);
  lt::address_v6::bytes_type last;
  last.fill(0xff);
  filter.add_rule(lt::address_v6::any(), lt::address_v6(last), global);
  return filter;
}

namespace {

lt::address libtorrent_address(const IpBytes& address) {
  lt::address_v6::bytes_type v6{};
  std::copy(address.begin(), address.end(), v6.begin());
  if (!is_v4(address)) {
    return lt::address_v6(v6);
  }
  lt::address_v4::bytes_type v4{};
  std::copy(address.end() - static_cast<std::ptrdiff_t>(v4.size()), address.end(), v4.begin());
  return lt::address_v4(v4);
}

}  // namespace

lt::ip_filter filter_of(const DialRules& rules) {
  lt::ip_filter filter;
  for (const DialRules::Rule& rule : rules.rules()) {
    filter.add_rule(libtorrent_address(rule.network.first()), libtorrent_address(rule.network.last()),
                    rule.talks ? 0U : static_cast<std::uint32_t>(lt::ip_filter::blocked));
  }
  return filter;
}

lt::port_filter ports_of_hosts() {
  lt::port_filter filter;
  filter.add_rule(0, kLeastPort - 1, lt::port_filter::blocked);
  return filter;
}

}  // namespace swarmout
