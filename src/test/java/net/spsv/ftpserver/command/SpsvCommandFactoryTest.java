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
package net.spsv.ftpserver.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import net.spsv.ftpserver.data.DataConnections;
import net.spsv.ftpserver.detach.ChannelDetacher;
import net.spsv.ftpserver.detach.MinaInternals;
import net.spsv.ftpserver.login.DataLoginFilter;
import net.spsv.ftpserver.login.Greetings;
import net.spsv.ftpserver.login.LoginTimeout;
import net.spsv.ftpserver.login.Refusals;
import org.apache.ftpserver.command.Command;
import org.apache.ftpserver.command.CommandFactory;
import org.apache.ftpserver.command.CommandFactoryFactory;
import org.apache.ftpserver.impl.DefaultFtpRequest;
import org.apache.ftpserver.impl.DefaultFtpServerContext;
import org.apache.ftpserver.impl.FtpIoSession;
import org.apache.ftpserver.listener.ListenerFactory;
import org.apache.ftpserver.usermanager.impl.BaseUser;
import org.apache.mina.core.filterchain.IoFilterAdapter;
import org.apache.mina.core.session.DummySession;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.core.write.WriteRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class SpsvCommandFactoryTest {

    private final DefaultFtpServerContext context = new DefaultFtpServerContext();

    private final CommandFactory host = new CommandFactoryFactory().createCommandFactory();

    private final MinaInternals internals = MinaInternals.probe();

    private final DataConnections dataConnections = new DataConnections(context, internals, true);

    private final DataLoginFilter filter = new DataLoginFilter(
            context,
            dataConnections,
            new ChannelDetacher(internals),
            new Refusals(null, () -> 0, dataConnections.statistics()),
            new LoginTimeout(null, 0),
            new Greetings(null),
            "DATACONN");

    private final SPSV spsv = new SPSV(dataConnections, filter, "DATACONN");

    private final SITE_SPSV siteSpsv = new SITE_SPSV(dataConnections.statistics());

    private final SpsvCommandFactory factory = new SpsvCommandFactory(host, spsv, siteSpsv, false);

    private final SpsvCommandFactory singlePortOnly = new SpsvCommandFactory(host, spsv, siteSpsv, true);

    private final List<Object> replies = new ArrayList<>();

    private final FtpIoSession session = session();

    private FtpIoSession session() {
        final DummySession wrapped = new DummySession();
        final InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
        wrapped.setRemoteAddress(address);
        wrapped.setLocalAddress(address);
        wrapped.getFilterChain().addLast("replies", new IoFilterAdapter() {
            @Override
            public void filterWrite(final NextFilter next, final IoSession from, final WriteRequest request) {
                replies.add(request.getMessage());
            }
        });
        final FtpIoSession made = new FtpIoSession(wrapped, context);
        made.setListener(new ListenerFactory().createListener());
        return made;
    }

    @AfterEach
    void stopServer() {
        context.dispose();
    }

    @ParameterizedTest
    @ValueSource(strings = {"SPSV", "spsv", "Spsv"})
    void spsvIsThere(final String name) {
        assertThat(factory.getCommand(name)).isSameAs(spsv);
        assertThat(singlePortOnly.getCommand(name)).isSameAs(spsv);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ABOR", "APPE", "AUTH", "CDUP", "CWD", "DELE", "EPRT", "EPSV", "FEAT", "HELP", "LIST", "MDTM", "MODE",
                "NLST", "PASV", "PORT", "REST", "RETR", "SITE", "STOR", "STOU", "TYPE", "USER", "retr"
            })
    void commandsOfFtpServerStay(final String name) {
        assertThat(factory.getCommand(name)).isNotNull().isSameAs(host.getCommand(name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PASV", "EPSV", "PORT", "EPRT", "pasv"})
    void commandsThatNeedAnotherPortAreReplacedWithASinglePortOnly(final String name) {
        final Command hosts = host.getCommand(name);

        assertThat(singlePortOnly.getCommand(name))
                .isNotNull()
                .isNotSameAs(hosts)
                .isNotSameAs(spsv)
                .isNotInstanceOf(hosts.getClass());
    }

    @ParameterizedTest
    @ValueSource(strings = {"ABOR", "FEAT", "HELP", "LIST", "RETR", "STOR", "USER"})
    void otherCommandsStayWithASinglePortOnly(final String name) {
        assertThat(singlePortOnly.getCommand(name)).isNotNull().isSameAs(host.getCommand(name));
    }

    @Test
    void reinEndsThePreparedDataConnectionAndDoesWhatItDid() throws Exception {
        dataConnections.prepare(session);
        session.setUserArgument("me");

        factory.getCommand("REIN").execute(session, context, new DefaultFtpRequest("REIN"));

        assertThat(dataConnections.isAwaited()).isFalse();
        assertThat(session.getUserArgument()).isNull();
        assertThat(replies).hasSize(1);
        assertThat(replies.get(0).toString()).startsWith("220 ");
    }

    @Test
    void reinOfASessionWithoutSpsvLeavesItsDataConnectionAlone() throws Exception {
        final Object before = session.getDataConnection();

        factory.getCommand("REIN").execute(session, context, new DefaultFtpRequest("REIN"));

        assertThat(session.getDataConnection()).isSameAs(before);
        assertThat(replies).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PASV", "EPSV 1", "PORT 127,0,0,1,1,1", "EPRT |1|127.0.0.1|257|"})
    void commandsThatNeedAnotherPortAreAnswered502(final String line) throws Exception {
        context.setMessageResource(new SpsvMessages(context.getMessageResource(), () -> false));
        final DefaultFtpRequest request = new DefaultFtpRequest(line);
        session.setFileOffset(5);

        singlePortOnly.getCommand(request.getCommand()).execute(session, context, request);

        assertThat(replies).hasSize(1);
        assertThat(replies.get(0).toString())
                .startsWith("502 " + request.getCommand() + " ")
                .contains("SPSV");
        assertThat(session.getFileOffset()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"REIN", "PASS"})
    void logoutsAreDecorated(final String name) {
        assertThat(factory.getCommand(name)).isNotNull().isNotSameAs(host.getCommand(name));
        assertThat(factory.getCommand(name.toLowerCase(Locale.ROOT))).isSameAs(factory.getCommand(name));
    }

    /** FtpServer answers 202 and logs the user out all the same. */
    @Test
    void passOfALoggedInUserEndsThePreparedDataConnection() throws Exception {
        final BaseUser user = new BaseUser();
        user.setName("me");
        session.setUser(user);
        dataConnections.prepare(session);

        factory.getCommand("PASS").execute(session, context, new DefaultFtpRequest("PASS x"));

        assertThat(dataConnections.isAwaited()).isFalse();
        assertThat(session.isLoggedIn()).isFalse();
        assertThat(replies).hasSize(1);
        assertThat(replies.get(0).toString()).startsWith("202 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "NONE", "SPDT", "SPSV ", "XSPSV"})
    void unknownCommandsStayUnknown(final String name) {
        assertThat(factory.getCommand(name)).isNull();
    }

    @Test
    void missingNameIsLeftToFtpServer() {
        assertThat(factory.getCommand(null)).isNull();
    }

    @Test
    void hostThatHasNoLogoutsGetsNone() {
        final SpsvCommandFactory small = new SpsvCommandFactory(name -> null, spsv, siteSpsv, false);

        assertThat(small.getCommand("REIN")).isNull();
        assertThat(small.getCommand("PASS")).isNull();
        assertThat(small.getCommand("SPSV")).isSameAs(spsv);
    }

    @Test
    void hostIsTheOneThatWasGiven() {
        assertThat(factory.host()).isSameAs(host);
    }

    @Test
    void namesAreFoundInATurkishLocale() {
        final Locale before = Locale.getDefault();
        Locale.setDefault(new Locale.Builder().setLanguage("tr").build());
        try {
            assertThat(factory.getCommand("rein")).isNotNull().isNotSameAs(host.getCommand("REIN"));
        } finally {
            Locale.setDefault(before);
        }
    }
}
