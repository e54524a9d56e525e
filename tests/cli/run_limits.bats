# SPDX-License-Identifier: BSD-2-Clause
# Options that limit: what the kernel's files say, from inside.

load helpers

limited() { # FILE OPTION...: the file of the container's own group, on v1 or v2
    local file=$1
    shift
    run -0 berth run --rm "$@" tiny cat "/sys/fs/cgroup/$file"
}

@test "--memory, with as much swap again, and --memory-swap" {
    needs v1
    limited memory/memory.limit_in_bytes -m 64m
    output_is $((64 << 20))
    limited memory/memory.memsw.limit_in_bytes -m 64m
    output_is $((128 << 20))
    limited memory/memory.memsw.limit_in_bytes -m 64m --memory-swap 96m
    output_is $((96 << 20))
    limited memory/memory.memsw.limit_in_bytes -m 64m --memory-swap -1
    output_is 9223372036854771712
}

@test "--memory is a limit: who needs more is killed" {
    needs limits
    run -137 berth run --rm -m 16m tiny sh -c 'exec dd if=/dev/zero of=/dev/null bs=64M count=1'
}

@test "--memory-reservation, --memory-swappiness, --oom-kill-disable" {
    needs v1
    limited memory/memory.soft_limit_in_bytes --memory-reservation 32m
    output_is $((32 << 20))
    limited memory/memory.swappiness --memory-swappiness 30
    output_is 30
    limited memory/memory.oom_control -m 64m --oom-kill-disable
    output_has "oom_kill_disable 1"
}

@test "sizes that are none, and that contradict each other" {
    local size
    for size in 12x -5 x 1.2.3m '' 99999999999999999999; do
        fails_with "invalid value for memory: invalid size: '$size'" -- create -m "$size" tiny true
    done
    fails_with "invalid value for memory-swap" -- create -m 64m --memory-swap x tiny true
    fails_with "invalid value for memory-reservation" -- create --memory-reservation x tiny true
    fails_with "you should always set the memory limit when using memory swap" -- create --memory-swap 64m tiny true
    fails_with "minimum memoryswap limit should be larger than memory limit" -- create -m 64m --memory-swap 32m tiny true
    fails_with "minimum memory limit cannot be less than memory reservation" -- create -m 32m --memory-reservation 64m tiny true
    fails_with "valid memory swappiness range is 0-100" -- create --memory-swappiness 101 tiny true
}

@test "--cpus, --cpu-quota, --cpu-period, --cpu-shares" {
    needs v1
    limited cpu/cpu.cfs_quota_us --cpus 0.5
    output_is 50000
    limited cpu/cpu.cfs_quota_us --cpu-quota 20000
    output_is 20000
    limited cpu/cpu.cfs_period_us --cpu-period 50000
    output_is 50000
    limited cpu/cpu.shares -c 100
    output_is 100
    limited cpu/cpu.rt_period_us --cpu-rt-period 900000
    output_is 900000
    fails_with "--cpu-quota and --cpus cannot be set together" -- create --cpus 1 --cpu-quota 20000 tiny true
    fails_with "--cpu-period and --cpus cannot be set together" -- create --cpus 1 --cpu-period 20000 tiny true
    fails_with "CPU cfs quota cannot be less than 1ms" -- create --cpus 0.001 tiny true
    fails_with "CPU cfs quota cannot be less than 1ms" -- create --cpu-quota 10 tiny true
    fails_with "CPU cfs period cannot be less than 1ms" -- create --cpu-period 10 tiny true
    fails_with 'invalid argument "x" for "--cpus" flag' -- create --cpus x tiny true
}

@test "--cpu-rt-runtime: set, or the kernel's refusal with the option's name" {
    needs v1
    run berth run --rm --cpu-rt-runtime 1000 tiny cat /sys/fs/cgroup/cpu/cpu.rt_runtime_us
    if [ "$status" = 0 ]; then
        output_is 1000
    else
        [ "$status" = 126 ]
        output_has "Error: " "cpu.rt_runtime_us"
    fi
}

@test "--cpuset-cpus and --cpuset-mems" {
    needs v1
    run -0 berth run --rm --cpuset-cpus 0 --cpuset-mems 0 tiny sh -c 'cat /sys/fs/cgroup/cpuset/cpuset.cpus /sys/fs/cgroup/cpuset/cpuset.mems; nproc'
    output_is "0
0
1"
    fails_with -126 "cpuset.cpus" "4095" -- run --rm --cpuset-cpus 4095 tiny true
    fails_with -126 "cpuset.mems" -- run --rm --cpuset-mems 1023 tiny true
    [ -z "$(berth ps -a -q)" ]
}

@test "--pids-limit, 2048 unless said otherwise" {
    needs v1
    limited pids/pids.max
    output_is 2048
    limited pids/pids.max --pids-limit 10
    output_is 10
    limited pids/pids.max --pids-limit -1
    output_is max
    run berth run --rm --pids-limit 5 tiny sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 0.2 & done'
    output_has "fork"
    fails_with 'invalid argument "few" for "--pids-limit" flag' -- create --pids-limit few tiny true
}

@test "--blkio-weight: set, or refused with the reason, never dropped" {
    needs v1
    run berth run --rm --blkio-weight 200 tiny sh -c 'cat /sys/fs/cgroup/blkio/blkio*.weight'
    if [ "$status" = 0 ]; then
        output_has 200
    else
        output_has "Error: " weight
    fi
    fails_with "blkio-weight must be between 10 and 1000" -- create --blkio-weight 5 tiny true
}

@test "--device-read-bps and the like: a rate for a block device" {
    needs v1
    [ -e /sys/fs/cgroup/blkio/blkio.throttle.read_bps_device ] || skip "needs throttling of block I/O"
    local device number
    device=$(find /dev -maxdepth 1 -type b -name '[vs]d[a-z]' | head -n 1)
    [ -n "$device" ] || skip "needs a disk"
    number=$(printf '%d:%d' 0x$(stat -c %t "$device") 0x$(stat -c %T "$device"))
    run -0 berth run --rm --device-read-bps "$device:1mb" --device-write-bps "$device:2048" \
        --device-read-iops "$device:30" --device-write-iops "$device:40" tiny \
        sh -c 'cd /sys/fs/cgroup/blkio; cat blkio.throttle.*_device'
    output_has "$number 1048576" "$number 2048" "$number 30" "$number 40"
    fails_with "not a block device" -- create --device-read-bps /dev/null:1mb tiny true
    fails_with "bad format" -- create --device-read-iops /dev/null tiny true
    fails_with "/dev/nosuch" -- create --device-write-bps /dev/nosuch:1 tiny true
}

@test "--blkio-weight-device: set, or refused with the reason, never dropped" {
    needs v1
    local device
    device=$(find /dev -maxdepth 1 -type b -name '[vs]d[a-z]' | head -n 1)
    [ -n "$device" ] || skip "needs a disk"
    run berth run --rm --blkio-weight-device "$device:200" tiny sh -c 'cat /sys/fs/cgroup/blkio/blkio*.weight_device'
    [ "$status" = 0 ] && output_has 200 || output_has "Error: " weight_device
    fails_with "not a block device" -- create --blkio-weight-device /dev/null:200 tiny true
}

@test "--cgroup-conf: a file of cgroup v2, and refused on v1" {
    if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
        run -0 berth run --rm --cgroup-conf memory.high=104857600 tiny cat /sys/fs/cgroup/memory.high
        output_is 104857600
    else
        fails_with -126 "needs cgroup v2" -- run --rm --cgroup-conf memory.high=104857600 tiny true
    fi
    fails_with "it is FILE=VALUE" -- create --cgroup-conf memory.high tiny true
}

@test "--ulimit: soft and hard, the last of a name; host; no more than can be" {
    run -0 berth run --rm --ulimit nofile=100:200 --ulimit core=0 --ulimit cpu=10:20 tiny \
        awk '/open files|core file|cpu time/ { print $(NF-2), $(NF-1) }' /proc/self/limits
    output_is "10 20
0 0
100 200"
    run -0 berth run --rm --ulimit nofile=100 --ulimit nofile=150 tiny sh -c 'ulimit -n; ulimit -Hn'
    output_is "150
150"
    run -0 berth run --rm --ulimit host tiny sh -c 'ulimit -n'
    output_is "$(ulimit -n)"
    fails_with 'ulimit option "nofile=300:200" requires name=SOFT:HARD' -- create --ulimit nofile=300:200 tiny true
    fails_with "invalid ulimit type: bogus" -- create --ulimit bogus=1 tiny true
    fails_with "invalid ulimit argument" -- create --ulimit nofile tiny true
    fails_with "requires name=SOFT:HARD" -- create --ulimit nofile=x tiny true
}

@test "a limit that the host cannot give is an error with its name" {
    capsh --has-p=cap_sys_resource 2>/dev/null && skip "needs a host that can't raise limits"
    fails_with -126 "RLIMIT_NOFILE" -- run --rm --ulimit nofile=99999999 tiny true
}
