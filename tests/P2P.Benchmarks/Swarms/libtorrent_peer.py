"""One libtorrent peer: libtorrent_peer.py TORRENT FOLDER ADDRESS, with settings for speed, and without anything that looks
for peers by itself. Prints "ready PORT" when it has checked what it has; reads "ADDRESS PORT ADDRESS PORT ..." and
connects there; prints "complete" when it has everything, and goes on until it is ended."""
import sys

import libtorrent as lt

torrent, folder, address = sys.argv[1:4]
# Fewer slots, shorter queues, super-seeding and the settings of high_performance_seed() were not faster.
settings = lt.default_settings()
settings.update({
    "listen_interfaces": address + ":0",
    "alert_mask": lt.alert.category_t.status_notification,
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "enable_incoming_utp": False, "enable_outgoing_utp": False,
    "in_enc_policy": int(lt.enc_policy.pe_disabled), "out_enc_policy": int(lt.enc_policy.pe_disabled),
    "allow_multiple_connections_per_ip": True,
    "connections_limit": 1000, "connection_speed": 1000, "min_reconnect_time": 1,
    "choking_algorithm": int(lt.choking_algorithm_t.fixed_slots_choker), "unchoke_slots_limit": 1000,
    "rate_limit_ip_overhead": False, "download_rate_limit": 0, "upload_rate_limit": 0,
    "max_out_request_queue": 3000, "max_allowed_in_request_queue": 3000, "request_queue_time": 1,
})
session = lt.session(settings)
parameters = lt.add_torrent_params()
parameters.ti = lt.torrent_info(torrent)
parameters.save_path = folder
parameters.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
parameters.max_uploads = 1000
parameters.max_connections = 1000
handle = session.add_torrent(parameters)
checked = False
while not checked:
    session.wait_for_alert(1000)
    checked = any(isinstance(alert, lt.torrent_checked_alert) for alert in session.pop_alerts())
print("ready", session.listen_port(), flush=True)

peers = sys.stdin.readline().split()
for host, port in zip(peers[::2], peers[1::2]):
    handle.connect_peer((host, int(port)))
while not handle.status().is_seeding:
    session.wait_for_alert(50)
    session.pop_alerts()
print("complete", flush=True)
while True:
    session.wait_for_alert(60000)
    session.pop_alerts()
