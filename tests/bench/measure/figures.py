"""What is claimed of a run: the figures, the marks of this milestone, and the goals."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One number that is followed from run to run."""

    run: str
    text: str
    unit: str
    # "less" or "more" is better.
    better: str
    mark: float | None = None
    goal: float | None = None

    def holds(self, value, bound):
        return value <= bound if self.better == "less" else value >= bound

    def is_worse(self, before, now, by=0.15):
        """By more than identical runs differ."""
        change = now - before if self.better == "less" else before - now
        return change > by * abs(before) and change > 0


# The names are keys of BENCHMARKS.md's hidden line: the next run is compared with them.
FIGURES = {
    "a_rate": Figure("a", "answered and hung up, highest clean rate", "calls/s", "more", 1500, 2500),
    "a_p99": Figure("a", "INVITE to 200 at that rate, p99", "ms", "less"),
    "b_rate": Figure("b", "bridged, held 5 s, highest clean rate", "calls/s", "more", 500, 1000),
    "b_p99": Figure("b", "INVITE to 200 at that rate, p99", "ms", "less", None, 10),
    "c_cpu": Figure("c", "bridged with sound, CPU per 100 calls, at 200 calls", "% of a core", "less", 8, 4),
    "c_calls": Figure("c", "most calls with at most 0.1 % loss", "calls", "more", None, 1200),
    "c_loss": Figure("c", "loss at 200 calls", "%", "less", 0.1, 0.1),
    "c_p50": Figure("c", "transit at 200 calls, p50", "ms", "less"),
    "c_p99": Figure("c", "transit at 200 calls, p99", "ms", "less", None, 6),
    "c_memory": Figure("c", "memory per call, as a slope", "KB", "less", 60, 40),
    "d_cpu": Figure("d", "prompt to 200 callers, CPU per 100 calls", "% of a core", "less", None, 3),
    "e_cpu": Figure("e", "recorded, 200 calls, CPU per 100 calls", "% of a core", "less", 15, 6),
    "e_whole": Figure("e", "whole recordings of 200", "files", "more", 200, 200),
    "f_cpu": Figure("f", "PCMU to PCMA, 200 calls, CPU per 100 calls", "% of a core", "less", None, 6),
    "f_rooms": Figure("f", "rooms of three, 150 callers who all speak, CPU per 100", "% of a core", "less", None, 6),
    "q_cpu": Figure("q", "waiting in a queue with music, 300 callers, CPU per 100 calls", "% of a core", "less", 6, 3),
    "p_rate": Figure("p", "API: pages of calls while 100 calls talk, one client", "requests/s", "more", 1000),
    "p_p99": Figure("p", "the same, p99", "ms", "less", 5),
    "p_event": Figure("p", "from an event to its message on the WebSocket, p50", "ms", "less", 5),
    "p_orders": Figure("p", "API: commands of agents meanwhile, one client", "commands/s", "more", 300),
    "p_orders_p99": Figure("p", "the same, p99", "ms", "less", 20),
    "g_start": Figure("g", "start to first answered OPTIONS", "ms", "less", None, 200),
    "g_memory": Figure("g", "memory, idle", "MB", "less", None, 20),
    "g_reload": Figure("g", "reload of 5,000 routes under 50 calls", "ms", "less", None, 100),
    "g_harmed": Figure("g", "calls harmed by five reloads", "calls", "less", 0, 0),
    "h_answer_p50": Figure("h", "INVITE to 200 at 100/s, answered, p50", "ms", "less", None, 1),
    "h_answer_p99": Figure("h", "the same, p99", "ms", "less", None, 4),
    "h_bridge_p50": Figure("h", "INVITE to 200 at 100/s, bridged, p50", "ms", "less", None, 2),
    "h_bridge_p99": Figure("h", "the same, p99", "ms", "less", None, 8),
    "h_180_p50": Figure("h", "INVITE to 180 at 100/s, bridged, p50", "ms", "less"),
    "h_180_p99": Figure("h", "the same, p99", "ms", "less"),
    "m_parse": Figure("micro", "INVITEs read, one core", "a second", "more", 500_000, 500_000),
    "m_acd": Figure("micro", "agents chosen, 500 agents and 5,000 waiting, one core", "decisions/s", "more", 1000),
    "m_acd_p50": Figure("micro", "from what happens to who is chosen, p50", "ms", "less"),
    "m_acd_p99": Figure("micro", "the same, p99", "ms", "less", 20, 20),
    "m_acd_p999": Figure("micro", "the same, p99.9", "ms", "less"),
    "m_acd_skills": Figure("micro", "the same with skills, levels and penalties", "decisions/s", "more", 1000),
    "m_acd_skills_p50": Figure("micro", "from what happens to who is chosen, p50", "ms", "less"),
    "m_acd_skills_p99": Figure("micro", "the same, p99", "ms", "less", 20, 20),
    "m_acd_skills_p999": Figure("micro", "the same, p99.9", "ms", "less"),
    "m_acd_two": Figure("micro", "the same in two queues of the same agents", "decisions/s", "more", 1000),
    "m_acd_two_p50": Figure("micro", "from what happens to who is chosen, p50", "ms", "less"),
    "m_acd_two_p99": Figure("micro", "the same, p99", "ms", "less", 20, 20),
    "m_acd_two_p999": Figure("micro", "the same, p99.9", "ms", "less"),
    "m_script": Figure("micro", "Lua set-up of a call with six waits, CPU", "µs", "less", None, 30),
    "m_script_memory": Figure("micro", "Lua memory of a parked call", "KB", "less"),
    "m_relay": Figure("micro", "media thread without sockets: relayed, CPU per 100 calls", "% of a core", "less"),
    "m_conference": Figure("micro", "the same, conferences of three", "% of a core", "less", 2, 1),
    "m_listen": Figure("micro", "the same, calls that somebody listens to", "% of a core", "less", 2, 1),
    "m_whisper": Figure("micro", "the same, calls that somebody whispers in", "% of a core", "less", 2, 1),
    "m_barge": Figure("micro", "the same, calls that somebody barges in on", "% of a core", "less", 2, 1),
    "m_packet": Figure("micro", "allocations per relayed packet", "", "less", 0, 0),
    "m_packet_live": Figure("micro", "allocations of the whole live process per relayed packet", "", "less"),
    "m_call": Figure("micro", "allocations per answered call, whole process", "", "less"),
    "m_bridge": Figure("micro", "allocations per bridged call, whole process", "", "less"),
}
