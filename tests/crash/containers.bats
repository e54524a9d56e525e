# SPDX-License-Identifier: BSD-2-Clause
# A container is there whole or not at all, whenever berth is killed or the disk is full.

load harness

with_image() {
    before() { tiny; }
    crash_template
}

# The name is taken by a whole container or free for the next.
name_is_whole_or_free() {
    if berth container exists c; then
        berth inspect c >/dev/null
        berth rm -f -t 0 c >/dev/null
    fi
    berth create --network none --name c tiny true >/dev/null
    berth start c >/dev/null
    ended c 0
    berth rm c >/dev/null
}

@test "create killed at any change of the file system leaves all or nothing" {
    with_image
    during=(create --network none --name c tiny true)
    after() { name_is_whole_or_free; }
    crash_at signal=KILL "${FILE_CALLS[@]}"
}

@test "create on a disk that is full or broken says so and leaves nothing" {
    with_image
    during=(create --network none --name c tiny true)
    after() {
        said_so
        [ $code = 0 ] || ! berth container exists c
        name_is_whole_or_free
    }
    crash_at error=ENOSPC mkdirat mkdir renameat renameat2 symlinkat write
    CRASH_MAY_BE_NONE=1 crash_at error=EIO fsync fdatasync syncfs
}

@test "run killed at any change of the file system leaves nothing that the next command minds" {
    with_image
    during=(run --rm --network none --name c tiny true)
    after() { name_is_whole_or_free; }
    crash_at signal=KILL "${FILE_CALLS[@]}"
}

@test "run killed at any start of a process or mount leaves nothing running or mounted" {
    with_image
    during=(run --network none --name c tiny true)
    after() { name_is_whole_or_free; }
    crash_at signal=KILL "${PROCESS_CALLS[@]}" "${MOUNT_CALLS[@]}"
}

@test "run with any failing mount, mkdir or fork says so and leaves nothing" {
    with_image
    during=(run --rm --network none --name c tiny true)
    after() {
        said_so
        ! berth container exists c
        name_is_whole_or_free
    }
    crash_at error=ENOSPC mkdirat symlinkat
    CRASH_LIMIT=15 crash_at error=ENOMEM fsmount move_mount mount clone3
}

@test "start killed anywhere leaves a container that can be started" {
    before() {
        tiny
        berth create --network none --name c tiny true >/dev/null
    }
    crash_template
    during=(start c)
    after() {
        local id
        wait_for berth container exists c
        # Half of them are removed as they are: nothing of the start must stay then.
        if [ $((tried % 2)) = 0 ]; then
            berth start c >/dev/null
            ended c 0
        fi
        id=$(berth inspect --format '{{.Id}}' c)
        berth rm -f -t 0 c >/dev/null
        no_cgroup_of "$id" || return
    }
    CRASH_LIMIT=12 crash_at signal=KILL "${FILE_CALLS[@]}" "${PROCESS_CALLS[@]}" "${MOUNT_CALLS[@]}"
}

@test "rename killed anywhere leaves the old name or the new" {
    before() {
        tiny
        berth create --network none --name x tiny true >/dev/null
    }
    crash_template
    during=(rename x y)
    after() {
        # Either finds it, and nothing is in the way of the other.
        berth container exists x || berth container exists y
        ! berth container exists x || berth rename x z
        ! berth container exists y || berth rename y z
        berth start z >/dev/null
        ended z 0
        berth rm z >/dev/null
        berth create --network none --name x tiny true >/dev/null
        berth create --network none --name y tiny true >/dev/null
        berth rm x y >/dev/null
    }
    crash_at signal=KILL "${FILE_CALLS[@]}"
}

@test "stop and kill killed anywhere leave a container that can be stopped" {
    before() { tiny; }
    crash_template
    local verb
    for verb in "stop -t 0" kill; do
        during=($verb c)
        after_each() {
            berth rm -f -a -t 0 >/dev/null
            no_process_left
        }
        before_each() { berth run -d --network none --name c --stop-signal KILL tiny sleep 1000 >/dev/null; }
        after() {
            berth stop -t 0 c >/dev/null 2>&1
            ended c 137
            berth rm c >/dev/null
        }
        CRASH_LIMIT=6 crash_at signal=KILL "${FILE_CALLS[@]}"
    done
}

@test "rm killed anywhere leaves the container or nothing of it" {
    before() {
        tiny
        berth create --network none --name c tiny true >/dev/null
    }
    crash_template
    during=(rm c)
    after() { name_is_whole_or_free; }
    crash_at signal=KILL "${FILE_CALLS[@]}"
}
