/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/create_args.h"

static const char *const pull_policies[] = { "always", "missing", "never", "newer", NULL };
static const char *const image_volumes[] = { "bind", "tmpfs", "ignore", "anonymous", NULL };
static const char *const cgroups_modes[] = { "enabled", "disabled", NULL };

void create_args_init(void *args)
{
	struct create_args *a = args;

	a->sig_proxy = true;
	a->http_proxy = true;
	a->read_only_tmpfs = true;
	a->tls_verify = true;
	a->stop_timeout = 10;
	a->pids_limit = 2048;
	a->retry = 3;
}

const struct option run_options[] = {
	OPTION_FLAG(create_args, detach, "detach", 'd', "Run in the background and print the ID"),
	OPTION_TEXT(create_args, detach_keys, "detach-keys", 0, "KEYS",
		    "Keys that detach from the container (ctrl-p,ctrl-q)"),
	OPTION_FLAG(create_args, sig_proxy, "sig-proxy", 0, "Pass signals on to the container"),
	{ 0 },
};

#define TEXT(m, nm, lt, val, hlp, ...) OPTION_TEXT(create_args, m, nm, lt, val, hlp, __VA_ARGS__)
#define FLAG(m, nm, lt, hlp, ...)      OPTION_FLAG(create_args, m, nm, lt, hlp, __VA_ARGS__)
#define LIST(m, nm, lt, val, hlp, ...) OPTION_LIST(create_args, m, nm, lt, val, hlp, __VA_ARGS__)
#define COMMAS(m, nm, lt, val, hlp)    OPTION_COMMAS(create_args, m, nm, lt, val, hlp)
#define INT(m, nm, lt, val, hlp, ...)  OPTION_INT(create_args, m, nm, lt, val, hlp, __VA_ARGS__)
#define UINT(m, nm, lt, val, hlp, ...) OPTION_UINT(create_args, m, nm, lt, val, hlp, __VA_ARGS__)
#define GIVEN(m)                       OPTION_GIVEN(create_args, m)

const struct option create_options[] = {
	LIST(add_host, "add-host", 0, "HOST:IP", "Add a line to /etc/hosts"),
	LIST(annotation, "annotation", 0, "KEY=VALUE", "Add an annotation"),
	TEXT(arch, "arch", 0, "ARCH", "Use the image of this architecture"),
	COMMAS(attach, "attach", 'a', "STREAM", "Attach to stdin, stdout or stderr"),
	TEXT(authfile, "authfile", 0, "FILE", "Credentials of registries", .completes = "file"),
	UINT(blkio_weight, "blkio-weight", 0, "WEIGHT", "Weight of block I/O, 10 to 1000",
	     GIVEN(blkio_weight_given)),
	COMMAS(cap_add, "cap-add", 0, "CAPABILITY", "Add a capability"),
	COMMAS(cap_drop, "cap-drop", 0, "CAPABILITY", "Drop a capability"),
	TEXT(cert_dir, "cert-dir", 0, "DIR", "Certificates for registries", .completes = "file"),
	TEXT(cgroup_parent, "cgroup-parent", 0, "PATH", "Parent of the container's cgroup"),
	TEXT(cgroupns, "cgroupns", 0, "MODE",
	     "Cgroup namespace: private, host, container:ID, ns:PATH"),
	OPTION_CHOICE(create_args, cgroups, "cgroups", 0, "MODE",
		      "Make a cgroup for the container, or none (enabled)", cgroups_modes),
	TEXT(cid_file, "cidfile", 0, "FILE", "Write the container's ID to the file",
	     .completes = "file"),
	TEXT(monitor_pid_file, "conmon-pidfile", 0, "FILE", "Write the monitor's PID to the file",
	     .completes = "file"),
	UINT(cpu_period, "cpu-period", 0, "USEC", "Period of the CPU quota",
	     GIVEN(cpu_period_given)),
	INT(cpu_quota, "cpu-quota", 0, "USEC", "CPU time in each period", GIVEN(cpu_quota_given)),
	UINT(cpu_rt_period, "cpu-rt-period", 0, "USEC", "Period of real-time CPU time",
	     GIVEN(cpu_rt_period_given)),
	INT(cpu_rt_runtime, "cpu-rt-runtime", 0, "USEC", "Real-time CPU time in each period",
	    GIVEN(cpu_rt_runtime_given)),
	UINT(cpu_shares, "cpu-shares", 'c', "SHARES", "Weight of CPU time",
	     GIVEN(cpu_shares_given)),
	OPTION_DOUBLE(create_args, cpus, "cpus", 0, "NUMBER", "CPUs' worth of time",
		      GIVEN(cpus_given)),
	TEXT(cpuset_cpus, "cpuset-cpus", 0, "LIST", "CPUs to run on, 0-3,7"),
	TEXT(cpuset_mems, "cpuset-mems", 0, "LIST", "Memory nodes to use"),
	TEXT(creds, "creds", 0, "USER[:PASSWORD]", "Credentials for the registry"),
	LIST(device, "device", 0, "DEVICE[:PATH[:rwm]]", "Give the container a device",
	     .completes = "file"),
	LIST(device_cgroup_rule, "device-cgroup-rule", 0, "RULE",
	     "Allow devices, \"c 10:200 rwm\""),
	OPTION_IGNORED_FLAG("disable-content-trust", 0, "For Docker; no effect"),
	COMMAS(dns, "dns", 0, "SERVER", "Name server, or none"),
	LIST(dns_option, "dns-option", 0, "OPTION", "Resolver option"),
	OPTION_ALIAS("dns-opt", 0, "dns-option"),
	COMMAS(dns_search, "dns-search", 0, "DOMAIN", "Search domain"),
	TEXT(domainname, "domainname", 0, "NAME", "NIS domain name"),
	TEXT(entrypoint, "entrypoint", 0, "COMMAND",
	     "Replace the image's entrypoint; may be a JSON list", GIVEN(entrypoint_given)),
	LIST(env, "env", 'e', "NAME[=VALUE]", "Set an environment variable"),
	LIST(env_file, "env-file", 0, "FILE", "Read environment variables from the file",
	     .completes = "file"),
	FLAG(env_host, "env-host", 0, "Pass all of the host's environment"),
	LIST(expose, "expose", 0, "PORT[/PROTO]", "Note a port that the container listens on"),
	COMMAS(group_add, "group-add", 0, "GROUP", "Add a supplementary group"),
	TEXT(hostname, "hostname", 'h', "NAME", "Host name of the container"),
	FLAG(http_proxy, "http-proxy", 0, "Pass the proxy variables of the host"),
	OPTION_CHOICE(create_args, image_volume, "image-volume", 0, "MODE",
		      "What becomes of the image's volumes (bind)", image_volumes),
	FLAG(init, "init", 0, "Run an init that forwards signals and reaps processes"),
	TEXT(init_path, "init-path", 0, "FILE", "The init of --init", .completes = "file"),
	FLAG(interactive, "interactive", 'i', "Keep standard input open"),
	TEXT(ipc, "ipc", 0, "MODE",
	     "IPC namespace: private, host, none, shareable, container:ID, ns:PATH"),
	LIST(label, "label", 'l', "KEY=VALUE", "Set a label"),
	LIST(label_file, "label-file", 0, "FILE", "Read labels from the file", .completes = "file"),
	TEXT(log_driver, "log-driver", 0, "DRIVER",
	     "Where output goes: k8s-file, json-file, journald, none, passthrough (k8s-file)"),
	LIST(log_opt, "log-opt", 0, "KEY=VALUE", "Log option: path, max-size, tag"),
	TEXT(memory, "memory", 'm', "SIZE", "Memory limit"),
	TEXT(memory_reservation, "memory-reservation", 0, "SIZE",
	     "Memory that is left to it when memory gets scarce"),
	TEXT(memory_swap, "memory-swap", 0, "SIZE", "Limit of memory and swap together; -1: none"),
	INT(memory_swappiness, "memory-swappiness", 0, "NUMBER", "Tendency to swap, 0 to 100",
	    GIVEN(memory_swappiness_given)),
	LIST(mount, "mount", 0, "type=TYPE,...", "Attach a file system"),
	TEXT(name, "name", 0, "NAME", "Name of the container"),
	TEXT(network, "network", 0, "MODE", "Network: none, host, container:ID, ns:PATH (none)"),
	OPTION_ALIAS("net", 0, "network"),
	FLAG(no_hosts, "no-hosts", 0, "Leave /etc/hosts as the image has it"),
	FLAG(no_hostname, "no-hostname", 0, "Leave /etc/hostname as the image has it"),
	FLAG(oom_kill_disable, "oom-kill-disable", 0, "Don't kill for want of memory (cgroup v1)"),
	INT(oom_score_adj, "oom-score-adj", 0, "NUMBER",
	    "Preference for being killed, -1000 to 1000", GIVEN(oom_score_adj_given)),
	TEXT(os, "os", 0, "OS", "Use the image of this operating system"),
	TEXT(pid, "pid", 0, "MODE", "PID namespace: private, host, container:ID, ns:PATH"),
	TEXT(pid_file, "pidfile", 0, "FILE", "Write the PID of the container to the file",
	     .completes = "file"),
	INT(pids_limit, "pids-limit", 0, "NUMBER", "Limit of processes; -1: none (2048)",
	    GIVEN(pids_limit_given)),
	FLAG(plan, "plan", 0, "Print what would be done, and do nothing"),
	TEXT(platform, "platform", 0, "OS/ARCH[/VARIANT]", "Use the image of this platform"),
	FLAG(privileged, "privileged", 0, "All capabilities and devices, and no confinement"),
	OPTION_CHOICE(create_args, pull, "pull", 0, "POLICY", "When to pull the image (missing)",
		      pull_policies),
	FLAG(quiet, "quiet", 'q', "No progress when pulling"),
	FLAG(read_only, "read-only", 0, "Make the root file system read-only"),
	FLAG(read_only_tmpfs, "read-only-tmpfs", 0,
	     "With --read-only: writable /run, /tmp and /var/tmp"),
	FLAG(replace, "replace", 0, "Remove a container of the same name first"),
	TEXT(restart, "restart", 0, "POLICY",
	     "When to restart it: no, on-failure[:MAX], always, unless-stopped (no)"),
	INT(retry, "retry", 0, "NUMBER", "How often to try a pull again (3)"),
	OPTION_DURATION(create_args, retry_delay, "retry-delay", 0, "DURATION",
			"Wait between tries of a pull"),
	FLAG(remove, "rm", 0, "Remove the container and its anonymous volumes when it ends"),
	FLAG(rootfs, "rootfs", 0, "The first argument is a directory, not an image"),
	LIST(security_opt, "security-opt", 0, "OPTION",
	     "Confinement: no-new-privileges, seccomp=FILE, apparmor=PROFILE, mask=, unmask="),
	TEXT(shm_size, "shm-size", 0, "SIZE", "Size of /dev/shm (64m); 0: unlimited"),
	TEXT(stop_signal, "stop-signal", 0, "SIGNAL", "Signal that stops the container (SIGTERM)"),
	INT(stop_timeout, "stop-timeout", 0, "SECONDS", "Wait between stopping and killing (10)",
	    GIVEN(stop_timeout_given)),
	LIST(sysctl, "sysctl", 0, "NAME=VALUE",
	     "Set a kernel parameter of the container's namespaces"),
	INT(timeout, "timeout", 0, "SECONDS", "Kill the container after that time"),
	FLAG(tls_verify, "tls-verify", 0, "Verify the registry's certificate",
	     GIVEN(tls_verify_given)),
	LIST(tmpfs, "tmpfs", 0, "DIR[:OPTIONS]", "Mount a tmpfs"),
	FLAG(tty, "tty", 't', "Give the container a terminal"),
	TEXT(timezone, "tz", 0, "ZONE", "Time zone, or local"),
	LIST(ulimit, "ulimit", 0, "NAME=SOFT[:HARD]",
	     "Set a resource limit; host: those of the caller"),
	TEXT(umask, "umask", 0, "MODE", "File mode creation mask (0022)"),
	COMMAS(unset_env, "unsetenv", 0, "NAME", "Remove a variable of the image"),
	FLAG(unset_env_all, "unsetenv-all", 0, "Remove all variables of the image"),
	TEXT(user, "user", 'u', "USER[:GROUP]", "User that the command runs as"),
	TEXT(uts, "uts", 0, "MODE", "UTS namespace: private, host, container:ID, ns:PATH"),
	TEXT(variant, "variant", 0, "VARIANT", "Use the image of this architecture's variant"),
	LIST(volume, "volume", 'v', "[SOURCE:]DIR[:OPTIONS]", "Mount a folder or a volume",
	     .completes = "file"),
	LIST(volumes_from, "volumes-from", 0, "CONTAINER[:OPTIONS]",
	     "Mount the volumes of a container", .completes = "container"),
	TEXT(working_dir, "workdir", 'w', "DIR", "Working directory", GIVEN(working_dir_given)),
	{ 0 },
};
