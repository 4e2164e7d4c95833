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

import java.util.Map;

/**
 * Single-port mode of one server, for JMX. Counts go up from the server's start; the others are as of now.
 *
 * <p>Threading: safe for all threads. Figures that are read one after the other need not fit together.
 */
public interface SinglePortMXBean {

    /**
     * How often SPSV was answered with a token.
     *
     * @return a count
     */
    long getTokensIssued();

    /**
     * How often a data connection logged in.
     *
     * @return a count
     */
    long getTokensRedeemed();

    /**
     * How often a token ended without being used: by another SPSV, PASV, EPSV, PORT or EPRT, by ABOR, by a transfer
     * that waited in vain, or with its session.
     *
     * @return a count
     */
    long getTokensExpired();

    /**
     * How many tokens a data connection may still log in with.
     *
     * @return as of now
     */
    int getTokensOutstanding();

    /**
     * How often a data login was refused.
     *
     * @return a count, of all reasons
     */
    long getLoginsRefused();

    /**
     * How often a data login was refused, and why.
     *
     * @return counts by the names of {@link Refusal}, all of them
     */
    Map<String, Long> getLoginsRefusedByReason();

    /**
     * How many refused data logins wait for their 504, because others from their address were refused before.
     *
     * @return as of now
     */
    int getRefusalsDelayed();

    /**
     * How many data connections there were, by SPSV.
     *
     * @return a count
     */
    long getDataConnections();

    /**
     * How many data connections are logged in and wait for a transfer.
     *
     * @return as of now
     */
    int getDataConnectionsWaiting();

    /**
     * How many data connections transfer.
     *
     * @return as of now
     */
    int getDataConnectionsActive();

    /**
     * What clients have sent over data connections.
     *
     * @return bytes, without TLS's own
     */
    long getBytesReceived();

    /**
     * What clients were sent over data connections.
     *
     * @return bytes, without TLS's own
     */
    long getBytesSent();
}
