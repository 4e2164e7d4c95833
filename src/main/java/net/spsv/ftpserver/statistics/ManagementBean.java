/*
 * Copyright the ftpserver-spsv authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package net.spsv.ftpserver.statistics;

import java.lang.management.ManagementFactory;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import javax.management.InstanceAlreadyExistsException;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The registration of a server's statistics with the JVM's JMX agent, as
 * {@code net.spsv:type=SinglePort,ports=2121+990}.
 *
 * <p>Threading: one thread at a time.
 */
public final class ManagementBean {

    private static final Logger LOG = LoggerFactory.getLogger(ManagementBean.class);

    /** Servers in one virtual machine that have the same ports. */
    private static final int MAX_NUMBER = 100;

    /** Where the statistics are registered; null if they are not. */
    private ObjectName name;

    /**
     * Registers. Without a place in JMX the server works all the same, so a failure is only logged.
     *
     * @param statistics what to show
     * @param ports of the server's listeners; on other addresses another server may have the same, and is then told
     *     apart by a number
     */
    public void register(final SinglePortMXBean statistics, final Iterable<Integer> ports) {
        final String base = "net.spsv:type=SinglePort,ports="
                + StreamSupport.stream(ports.spliterator(), false)
                        .map(String::valueOf)
                        .collect(Collectors.joining("+"));
        try {
            final MBeanServer agent = ManagementFactory.getPlatformMBeanServer();
            for (int number = 1; name == null && number <= MAX_NUMBER; number++) {
                final ObjectName candidate = new ObjectName(number == 1 ? base : base + ",number=" + number);
                try {
                    agent.registerMBean(statistics, candidate);
                    name = candidate;
                } catch (InstanceAlreadyExistsException e) {
                    LOG.debug("{} is another server", candidate);
                }
            }
            if (name == null) {
                LOG.warn("Single-port mode is not shown by JMX, which has {} servers named {}", MAX_NUMBER, base);
            }
        } catch (JMException | RuntimeException e) {
            LOG.warn("Single-port mode is not shown by JMX", e);
        }
    }

    /** Ends what {@link #register} began, if it did. */
    public void unregister() {
        if (name != null) {
            try {
                ManagementFactory.getPlatformMBeanServer().unregisterMBean(name);
            } catch (InstanceNotFoundException e) {
                LOG.debug("{} was unregistered by somebody else", name);
            } catch (JMException | RuntimeException e) {
                LOG.warn("{} stays in JMX", name, e);
            }
            name = null;
        }
    }
}
