# SPDX-License-Identifier: BSD-2-Clause
# Real applications that talk to each other, and to the world.

load helpers
load ../cli/network

setup() {
    HOST=$BATS_TEST_TMPDIR/host OUTSIDE=$BATS_TEST_TMPDIR/outside
    netns_make "$HOST"
    netns_make "$OUTSIDE"
    host ip link add eth0 type veth peer name eth0 netns "$OUTSIDE_PID"
    net_address host 192.0.2.1/24
    net_address outside 192.0.2.9/24
}

teardown() {
    berth rm -f -a -t 0 -v >/dev/null
    berth network prune -f >/dev/null
    kill "$HOST_PID" "$OUTSIDE_PID"
}

# The registry is on the machine's own loopback, the containers are on the test's host.
on_host() {
    berth() { host "$BERTH" --root "$ROOTS/lib" --runroot "$ROOTS/run" "$@"; }
    unset CONTAINERS_CONF
}

page() { outside curl -fsS "http://192.0.2.1:8080$1"; }
page_has() { page "$1" | grep -q "$2"; }

@test "WordPress finds MariaDB by name, and is installed through a published port" {
    real_image mariadb
    real_image wordpress
    on_host
    berth network create blog
    berth run -d --name db --network blog -e MYSQL_ROOT_PASSWORD=r -e MYSQL_DATABASE=blog \
        -e MYSQL_USER=blogger -e MYSQL_PASSWORD=secret localhost/mariadb
    berth run -d --name wordpress --network blog -p 8080:80 -e WORDPRESS_DB_HOST=db -e WORDPRESS_DB_NAME=blog \
        -e WORDPRESS_DB_USER=blogger -e WORDPRESS_DB_PASSWORD=secret localhost/wordpress
    WAIT_S=60 wait_for page_has '/wp-admin/install.php?step=1' 'name="weblog_title"'
    outside curl -fsS -o /dev/null --data-urlencode 'weblog_title=Berth' -d user_name=admin \
        -d admin_password=pass-word-1 -d admin_password2=pass-word-1 -d pw_weak=on -d admin_email=a@example.org \
        'http://192.0.2.1:8080/wp-admin/install.php?step=2'
    WAIT_S=60 wait_for page_has / '<title>Berth'
    # A new address of the database's is found too.
    berth restart -t 20 db
    WAIT_S=60 wait_for page_has / '<title>Berth'
}
